import type { ProxyReport } from '../push/proxy-report.ts';

/** Policy (`namespace/name`) → endpoint id → number of proxies that report the endpoint as unhealthy. */
export type UnhealthyReports = ReadonlyMap<string, ReadonlyMap<string, number>>;

type Unhealthy = NonNullable<ProxyReport['unhealthy']>;

const NONE: Unhealthy = [];

/**
 * Counts the proxies that report an endpoint as unhealthy: each once per policy and endpoint, in however many pools it has the
 * endpoint. A report that stayed the same (by identity) costs nothing.
 */
export class UnhealthyCounter {
  readonly #last = new Map<string, Unhealthy>();
  readonly #counts = new Map<string, Map<string, number>>();

  /** The counts for these reports, by pod UID. They change with the next update. */
  update(reports: ReadonlyMap<string, ProxyReport>): UnhealthyReports {
    for (const [uid, last] of this.#last) {
      if (reports.has(uid)) continue;
      this.#last.delete(uid);
      this.#count(last, -1);
    }
    for (const [uid, { unhealthy = NONE }] of reports) {
      const last = this.#last.get(uid) ?? NONE;
      if (unhealthy === last) continue;
      this.#last.set(uid, unhealthy);
      this.#count(last, -1);
      this.#count(unhealthy, 1);
    }
    return this.#counts;
  }

  #count(unhealthy: Unhealthy, by: 1 | -1): void {
    for (const [policy, endpoints] of byPolicy(unhealthy)) {
      const counts = this.#counts.get(policy) ?? new Map<string, number>();
      for (const endpoint of endpoints) {
        const count = (counts.get(endpoint) ?? 0) + by;
        if (count === 0) counts.delete(endpoint);
        else counts.set(endpoint, count);
      }
      if (counts.size === 0) this.#counts.delete(policy);
      else this.#counts.set(policy, counts);
    }
  }
}

function byPolicy(unhealthy: Unhealthy): ReadonlyMap<string, ReadonlySet<string>> {
  const all = new Map<string, Set<string>>();
  for (const { pool, endpoint } of unhealthy) {
    // A pool's id is namespace/policy/refNamespace/service:port.
    const policy = pool.split('/', 2).join('/');
    all.set(policy, (all.get(policy) ?? new Set<string>()).add(endpoint));
  }
  return all;
}

/**
 * How many of the endpoints are healthy for a majority of the reporting proxies. A tie is not a majority. While no proxy reports, all
 * endpoints count, as they are ready for Kubernetes.
 */
export function countHealthy(
  endpoints: readonly string[],
  reports: ReadonlyMap<string, number> | undefined,
  reporting: number,
): number {
  if (reporting === 0 || reports === undefined) return endpoints.length;
  return endpoints.filter((id) => reporting - (reports.get(id) ?? 0) > reporting / 2).length;
}
