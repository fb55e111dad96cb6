import { all, integer, number, object, string } from './check.ts';
import type { Check } from './check.ts';
import { byMember, cookieName, duration, headerName, positiveDuration } from './fields.ts';
import { MAX_ENDPOINTS_PER_POOL } from './limits.ts';
import {
  MAX_AFFINITY_ENTRIES,
  MAX_AGGRESSION,
  MAX_TABLE_SIZE,
  MIN_AGGRESSION,
  MIN_TABLE_SIZE,
  PLAIN_STRATEGIES,
} from './load-balancer.ts';
import { isPrime, nextPrime } from './prime.ts';

/** Checks of load-balancer.ts. */

const prime: Check = (value, report) => {
  if (Number.isSafeInteger(value) && (value as number) <= MAX_TABLE_SIZE && !isPrime(value as number))
    report.fail(`must be prime: use ${nextPrime(value as number)}, the next that is`);
};

const nothing: Check = () => undefined;
const hashOn = byMember('type', {
  SourceIP: nothing,
  Path: nothing,
  Header: object({ name: headerName }),
  QueryParam: object({ name: string({ min: 1, max: 256 }) }),
  Cookie: object({ name: cookieName, ttl: duration }),
});

const affinity = object({ maxEntries: integer(1, MAX_AFFINITY_ENTRIES), idleTimeout: positiveDuration, drain: duration });
const common = object({ hashOn }, { affinity });

const consistentHash = byMember('algorithm', {
  Maglev: all(common, object({ tableSize: all(integer(MIN_TABLE_SIZE, MAX_TABLE_SIZE), prime) })),
  Rendezvous: common,
});

const slowStart = object({
  window: positiveDuration,
  aggression: number(MIN_AGGRESSION, MAX_AGGRESSION),
  minWeightPercent: integer(1, 100),
});
const zoneAware = object({ minEndpoints: integer(1, MAX_ENDPOINTS_PER_POOL) });
const plain = object({}, { slowStart, zoneAware });

export const loadBalancer = byMember('type', {
  ...Object.fromEntries(PLAIN_STRATEGIES.map((type) => [type, plain])),
  ConsistentHash: object({ consistentHash }),
});
