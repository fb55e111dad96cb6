import { create } from '../local-cluster/create.ts';
import { backendService } from '../local-cluster/manifests.ts';
import { addBackend, GATEWAYS, NAMESPACE, programPolicy, SERVICE, startBenchCluster } from './bench-cluster.ts';
import type { Cluster } from '../local-cluster/cluster.ts';
import type { Row } from './bench.ts';
import { runLoad } from './run-load.ts';
import type { Scope } from './cleanup.ts';

const CONNECTIONS = 64;

/** A cluster with these backends behind a policy of defaults; gives the gateways' `HOST:PORT`. */
export async function startWithBackends(
  scope: Scope,
  names: readonly string[],
  gateways: readonly string[] = GATEWAYS,
): Promise<{ cluster: Cluster; targets: readonly string[] }> {
  const cluster = await startBenchCluster(scope, gateways);
  await create(cluster.api, backendService(SERVICE, NAMESPACE));
  await Promise.all(names.map((name) => addBackend(cluster.api, name)));
  return { cluster, targets: await programPolicy(cluster, {}, gateways) };
}

export interface Trouble {
  /** What was done meanwhile, in words, and whether it was as much as was promised. */
  readonly done: string;
  readonly enough: boolean;
}

/** Loads both gateways for `seconds` while `make` makes trouble until `more` says no; not one GET may fail. */
export async function underLoad(
  scope: Scope,
  targets: readonly string[],
  seconds: number,
  note: (text: string) => void,
  make: (more: () => boolean) => Promise<Trouble>,
): Promise<readonly Row[]> {
  let loading = true;
  const load = runLoad(scope, { targets, connections: CONNECTIONS, seconds }).finally(() => (loading = false));
  const [{ answered, failed, broken, byStatus, byFailure, latencyMs, samples, ...report }, { done, enough }] = await Promise.all([
    load,
    make(() => loading),
  ]);
  samples.forEach(note);
  // An answer that is not the backend's is no success either.
  const wrong = failed + answered - (byStatus[200] ?? 0);
  const kinds = wrong > 0 ? ` ${JSON.stringify({ ...byStatus, ...byFailure })}` : '';
  return [
    {
      what: `GETs that failed in ${report.seconds.toFixed(0)} s at ${CONNECTIONS} connections, ${done}`,
      number: `${wrong} of ${answered + failed + broken}${kinds}; ${broken} cut off after their head; p99 ${latencyMs.p99.toFixed(0)} ms, max ${latencyMs.max.toFixed(0)} ms`,
      bound: { text: '0', met: wrong === 0 && enough },
    },
  ];
}
