import type { ProxyReport } from '../push/proxy-report.ts';

/** Policy (`namespace/name`) → endpoint id → number of proxies that report the endpoint as unhealthy. */
export type UnhealthyReports = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** Counts the proxies that report an endpoint as unhealthy: each once per policy and endpoint, in however many pools it has the endpoint. */
export function countUnhealthyReports(reports: ReadonlyMap<string, ProxyReport>): UnhealthyReports {
  const all = new Map<string, Map<string, number>>();
  for (const { unhealthy } of reports.values()) {
    const seen = new Set<string>();
    for (const { pool, endpoint } of unhealthy ?? []) {
      // A pool's id is namespace/policy/refNamespace/service:port.
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
 * How many of the endpoints are healthy for a majority of the reporting proxies. A tie is not a majority. While no proxy reports, all
 * endpoints count, as they are ready for Kubernetes.
 */
export function countHealthy(
  endpoints: readonly string[],
  reports: ReadonlyMap<string, number> | undefined,
  reporting: number,
): number {
  if (reporting === 0) return endpoints.length;
  return endpoints.filter((id) => reporting - (reports?.get(id) ?? 0) > reporting / 2).length;
}
