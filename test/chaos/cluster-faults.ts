/** Faults around the proxies, on a cluster with operator and gateways, which must not fail a request either. */
import { setTimeout as pause } from 'node:timers/promises';
import { changePolicy, GATEWAYS, untilReady } from '../bench/bench-cluster.ts';
import { startWithBackends } from '../bench/no-fault.ts';
import { replaceInTurn } from '../bench/rolling.ts';
import { startConstantRate, type ConstantRateLoad } from '../bench/run-rate.ts';
import type { Cleanup } from '../bench/cleanup.ts';
import { until, type Cluster } from '../local-cluster/cluster.ts';
import { SYSTEM_NAMESPACE } from '../local-cluster/manifests.ts';
import { CONNECTIONS, occurredOftenEnough, RATE, SECONDS, type Experiment } from './chaos.ts';
import { noFailureRow } from './result-row.ts';

const BACKENDS = ['echo-1', 'echo-2', 'echo-3'] as const;
/** How long the API server is away, s; at most half of a shorter run. */
const AWAY_SECONDS = 30;
/** Time limit until a change is in force after its return, ms. */
const CONVERGENCE_MS = 15_000;
/** With four, each has run for more than 10 s when it is ended again, so that the pod runner's back-off stays at its minimum. */
const DRAIN_GATEWAYS = [...GATEWAYS, 'gateway-3', 'gateway-4'] as const;
const RESTART_MS = 60_000;
const POLICY_CHANGES = 500;
/** Time limit for faults that continue until they have occurred often enough. */
const LONGEST_SECONDS = 600;

function startLoad(cleanup: Cleanup, targets: readonly string[], seconds: number, service = false): Promise<ConstantRateLoad> {
  return startConstantRate(cleanup, { targets, rate: RATE, connections: CONNECTIONS, seconds, service });
}

/** Backends are replaced one by one, repeatedly, as in a rolling update of a Deployment. */
const rolling: Experiment = async ({ seconds = SECONDS }, cleanup, note) => {
  const { cluster, targets } = await startWithBackends(cleanup, BACKENDS);
  const rate = await startLoad(cleanup, targets, seconds);
  const replaced = await replaceInTurn(cluster.api, BACKENDS, () => rate.running);
  const done = `${replaced} backends of ${BACKENDS.length} replaced one by one`;
  return [noFailureRow(await rate.report, { description: done, sufficient: occurredOftenEnough(replaced, seconds) }, note)];
};

/** The API server is away for a long time, and a change after its return is in force soon. */
const away: Experiment = async ({ seconds = SECONDS }, cleanup, note) => {
  const { cluster, targets } = await startWithBackends(cleanup, BACKENDS);
  const rate = await startLoad(cleanup, targets, LONGEST_SECONDS);
  const gone = Math.min(AWAY_SECONDS, seconds / 2);
  await pause((seconds - gone) * 500);
  await cluster.apiServer.kill();
  await pause(gone * 1000);
  await cluster.apiServer.start();
  const returned = performance.now();
  await changePolicy(cluster.api, { retry: { attempts: 3 } });
  const took = performance.now() - returned;
  await pause((seconds - gone) * 500);
  const done = `API server away for ${gone} s; a change was in force ${(took / 1000).toFixed(1)} s after its return`;
  return [noFailureRow(await rate.stop(), { description: done, sufficient: took <= CONVERGENCE_MS }, note)];
};

/** One gateway after another gets SIGTERM, while clients of the Service use them all. */
const drain: Experiment = async ({ seconds = SECONDS }, cleanup, note) => {
  const { cluster, targets } = await startWithBackends(cleanup, BACKENDS, DRAIN_GATEWAYS);
  const rate = await startLoad(cleanup, targets, LONGEST_SECONDS, true);
  const began = performance.now();
  let ended = 0;
  while (!occurredOftenEnough(ended, seconds) || performance.now() - began < seconds * 1000) {
    await restartGateway(cluster, DRAIN_GATEWAYS[ended % DRAIN_GATEWAYS.length] as string);
    ended += 1;
  }
  const report = await rate.stop();
  const took = ((performance.now() - began) / 1000).toFixed(0);
  return [
    noFailureRow(
      report,
      { description: `${ended} proxy pods terminated in ${took} s, the others serving`, sufficient: true },
      note,
    ),
  ];
};

/** Sends SIGTERM, as the kubelet does; resolves when the pod is ready again. */
async function restartGateway({ pods, api }: Cluster, name: string): Promise<void> {
  const pid = pods.pid(SYSTEM_NAMESPACE, name);
  if (pid === undefined) throw new Error(`${name} is ready, but does not run`);
  process.kill(pid, 'SIGTERM');
  await until(`${name} is started again`, RESTART_MS, () => {
    const now = pods.pid(SYSTEM_NAMESPACE, name);
    return now !== undefined && now !== pid;
  });
  await untilReady(api, SYSTEM_NAMESPACE, name);
}

const STRATEGIES = ['LeastRequest', 'RoundRobin', 'PeakEWMA', 'LeastConnections', 'WeightedRoundRobin', 'Random'] as const;

/** A policy changes repeatedly, each change in force before the next, and no kept-alive connection is closed. */
const policies: Experiment = async ({ seconds }, cleanup, note) => {
  const { cluster, targets } = await startWithBackends(cleanup, BACKENDS);
  const rate = await startLoad(cleanup, targets, LONGEST_SECONDS);
  const changes = seconds === undefined ? POLICY_CHANGES : Math.ceil((POLICY_CHANGES * seconds) / SECONDS);
  for (let i = 0; i < changes; i += 1) {
    await changePolicy(cluster.api, {
      loadBalancer: { type: STRATEGIES[i % STRATEGIES.length] },
      retry: { attempts: 1 + (i % 3) },
      timeouts: { idle: `${30 + (i % 30)}s` },
      responseHeaderModifier: { set: [{ name: 'x-change', value: String(i) }] },
    });
  }
  const report = await rate.stop();
  const closed = report.opened - CONNECTIONS;
  const done = `${changes} policy changes, each in force; kept-alive connections closed: ${closed}`;
  return [noFailureRow(report, { description: done, sufficient: closed === 0 }, note)];
};

export const clusterFaults = { rolling, away, drain, policies } as const;
