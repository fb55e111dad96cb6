import type { ProxyReport } from '../push/proxy-report.ts';

/** Policy (`namespace/name`) → endpoint id → how many proxies find the endpoint unhealthy. */
export type Complaints = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** Gathers what the proxies complain about. A proxy counts once per policy and endpoint, in however many pools it meets it. */
export function gatherComplaints(reports: ReadonlyMap<string, ProxyReport>): Complaints {
  const all = new Map<string, Map<string, number>>();
  for (const { unhealthy } of reports.values()) {
    const seen = new Set<string>();
    for (const { pool, endpoint } of unhealthy ?? []) {
      // A pool is called namespace/policy/refNamespace/service:port.
      const policy = pool.split('/', 2).join('/');
      const vote = `${policy} ${endpoint}`;
      if (seen.has(vote)) continue;
      seen.add(vote);
      const votes = all.get(policy) ?? new Map<string, number>();
      all.set(policy, votes.set(endpoint, (votes.get(endpoint) ?? 0) + 1));
    }
  }
  return all;
}

/**
 * How many of the endpoints a majority of the reporting proxies finds healthy. A draw is no majority. While no proxy reports,
 * Kubernetes' word stands: all of them.
 */
export function countHealthy(
  endpoints: readonly string[],
  complaints: ReadonlyMap<string, number> | undefined,
  reporting: number,
): number {
  if (reporting === 0) return endpoints.length;
  return endpoints.filter((id) => reporting - (complaints?.get(id) ?? 0) > reporting / 2).length;
}
