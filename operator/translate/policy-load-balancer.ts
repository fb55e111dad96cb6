/** The strategy of a policy, in the wire's terms. */
import { DEFAULTS } from '../api/defaults.ts';
import type { ConsistentHashSpec, HashOnSpec, LoadBalancerSpec, SlowStartSpec } from '../api/policy.gen.ts';
import type { AffinitySettings, HashOn, HashTable, LoadBalancer, SlowStartSettings } from '../../proxy/snapshot/types.ts';
import type { FieldParser } from './field-parser.ts';

/** @param drain milliseconds for which a draining endpoint keeps its keys */
export function readLoadBalancer(given: LoadBalancerSpec | undefined, drain: number, fields: FieldParser): LoadBalancer {
  const { type = DEFAULTS.loadBalancer.type, consistentHash = {}, slowStart, zoneAware } = given ?? {};
  if (type !== 'ConsistentHash')
    return {
      type,
      ...(slowStart && { slowStart: readSlowStart(slowStart, fields) }),
      ...(zoneAware && { zoneAware: { ...DEFAULTS.preferLocal, ...zoneAware.preferLocal } }),
    };
  const { affinity } = consistentHash;
  return {
    type,
    consistentHash: {
      ...readTable(consistentHash),
      hashOn: readHashOn(consistentHash.hashOn ?? DEFAULTS.hashOn, fields),
      ...(affinity && { affinity: readAffinity(affinity, drain, fields) }),
    },
  };
}

function readSlowStart(given: SlowStartSpec, fields: FieldParser): SlowStartSettings {
  const { window, aggression, minWeightPercent } = { ...DEFAULTS.slowStart, ...given };
  return { window: fields.duration('loadBalancer.slowStart.window', window), aggression, minWeightPercent };
}

/** Whether the size is prime is checked by the proxy's own checks (proxy-checks.ts). */
function readTable(given: ConsistentHashSpec): HashTable {
  const { algorithm, tableSize } = { ...DEFAULTS.consistentHash, ...given };
  return algorithm === 'Maglev' ? { algorithm, tableSize } : { algorithm };
}

function readHashOn({ type = DEFAULTS.hashOn.type, header, cookie, queryParam }: HashOnSpec, fields: FieldParser): HashOn {
  if (type === 'Header') return { type, name: (header?.name ?? '').toLowerCase() };
  if (type === 'QueryParam') return { type, name: queryParam?.name ?? '' };
  if (type !== 'Cookie') return { type };
  const ttl = fields.duration('loadBalancer.consistentHash.hashOn.cookie.ttl', cookie?.ttl ?? DEFAULTS.cookieTtl);
  return { type, name: cookie?.name ?? '', ttl };
}

function readAffinity(given: NonNullable<ConsistentHashSpec['affinity']>, drain: number, fields: FieldParser): AffinitySettings {
  const { maxEntries, idleTimeout } = { ...DEFAULTS.affinity, ...given };
  return { maxEntries, idleTimeout: fields.duration('loadBalancer.consistentHash.affinity.idleTimeout', idleTimeout), drain };
}
