import { DEFAULTS } from '../api/defaults.ts';
import type { ConsistentHashSpec, HashOnSpec, LoadBalancerSpec, SlowStartSpec } from '../api/policy.gen.ts';
import type { Affinity, HashOn, HashTable, LoadBalancer, SlowStart } from '../../proxy/snapshot/types.ts';
import type { Reader } from './field-parser.ts';

/** @param drain how long an endpoint that drains keeps its keys, ms. */
export function readLoadBalancer(given: LoadBalancerSpec | undefined, drain: number, reader: Reader): LoadBalancer {
  const { type = DEFAULTS.loadBalancer.type, consistentHash = {}, slowStart, zoneAware } = given ?? {};
  if (type !== 'ConsistentHash')
    return {
      type,
      ...(slowStart && { slowStart: readSlowStart(slowStart, reader) }),
      ...(zoneAware && { zoneAware: { ...DEFAULTS.preferLocal, ...zoneAware.preferLocal } }),
    };
  const { affinity } = consistentHash;
  return {
    type,
    consistentHash: {
      ...readTable(consistentHash),
      hashOn: readHashOn(consistentHash.hashOn ?? DEFAULTS.hashOn, reader),
      ...(affinity && { affinity: readAffinity(affinity, drain, reader) }),
    },
  };
}

function readSlowStart(given: SlowStartSpec, reader: Reader): SlowStart {
  const { window, aggression, minWeightPercent } = { ...DEFAULTS.slowStart, ...given };
  return { window: reader.duration('loadBalancer.slowStart.window', window), aggression, minWeightPercent };
}

/** Whether the size is prime is for the proxy's own check to say. */
function readTable(given: ConsistentHashSpec): HashTable {
  const { algorithm, tableSize } = { ...DEFAULTS.consistentHash, ...given };
  return algorithm === 'Maglev' ? { algorithm, tableSize } : { algorithm };
}

function readHashOn({ type = DEFAULTS.hashOn.type, header, cookie, queryParam }: HashOnSpec, reader: Reader): HashOn {
  if (type === 'Header') return { type, name: (header?.name ?? '').toLowerCase() };
  if (type === 'QueryParam') return { type, name: queryParam?.name ?? '' };
  if (type !== 'Cookie') return { type };
  const ttl = reader.duration('loadBalancer.consistentHash.hashOn.cookie.ttl', cookie?.ttl ?? DEFAULTS.cookieTtl);
  return { type, name: cookie?.name ?? '', ttl };
}

function readAffinity(given: NonNullable<ConsistentHashSpec['affinity']>, drain: number, reader: Reader): Affinity {
  const { maxEntries, idleTimeout } = { ...DEFAULTS.affinity, ...given };
  return { maxEntries, idleTimeout: reader.duration('loadBalancer.consistentHash.affinity.idleTimeout', idleTimeout), drain };
}
