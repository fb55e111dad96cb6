import { create } from '../local-cluster/create.ts';
import { backendService } from '../local-cluster/manifests.ts';
import { addBackend, GATEWAYS, NAMESPACE, programPolicy, SERVICE, startBenchCluster } from './bench-cluster.ts';
import type { Cluster } from '../local-cluster/cluster.ts';
import type { Row } from './bench.ts';
import { runLoad } from './run-load.ts';
import type { Cleanup } from './cleanup.ts';

const CONNECTIONS = 64;

/** Starts a cluster with these backends behind a policy of defaults; returns the gateways' `HOST:PORT` as `targets`. */
export async function startWithBackends(
  cleanup: Cleanup,
  names: readonly string[],
  gateways: readonly string[] = GATEWAYS,
): Promise<{ cluster: Cluster; targets: readonly string[] }> {
  const cluster = await startBenchCluster(cleanup, gateways);
  await create(cluster.api, backendService(SERVICE, NAMESPACE));
  await Promise.all(names.map((name) => addBackend(cluster.api, name)));
  return { cluster, targets: await programPolicy(cluster, {}, gateways) };
}

export interface Disturbance {
  /** What was done during the load, and whether it was done often enough. */
  readonly description: string;
  readonly sufficient: boolean;
}

/** Loads both gateways for `seconds`, while `disturb` runs until `more` returns false; no GET may fail. */
export async function measureUnderLoad(
  cleanup: Cleanup,
  targets: readonly string[],
  seconds: number,
  note: (text: string) => void,
  disturb: (more: () => boolean) => Promise<Disturbance>,
): Promise<readonly Row[]> {
  let loading = true;
  const load = runLoad(cleanup, { targets, connections: CONNECTIONS, seconds }).finally(() => (loading = false));
  const [{ answered, failed, broken, byStatus, byFailure, latencyMs, samples, ...report }, { description, sufficient }] =
    await Promise.all([load, disturb(() => loading)]);
  samples.forEach(note);
  // A response that is not the backend's is a failure, too.
  const wrong = failed + answered - (byStatus[200] ?? 0);
  const kinds = wrong > 0 ? ` ${JSON.stringify({ ...byStatus, ...byFailure })}` : '';
  return [
    {
      what: `GETs that failed in ${report.seconds.toFixed(0)} s at ${CONNECTIONS} connections, ${description}`,
      number: `${wrong} of ${answered + failed + broken}${kinds}; ${broken} cut off after their head; p99 ${latencyMs.p99.toFixed(0)} ms, max ${latencyMs.max.toFixed(0)} ms`,
      bound: { text: '0', met: wrong === 0 && sufficient },
    },
  ];
}
