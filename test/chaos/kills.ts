/** Kills one of Outrigger's processes, or the API server, at random times, and measures failed requests and convergence. */
import { setTimeout as pause } from 'node:timers/promises';
import { Load } from '../integration/client.ts';
import type { Harness } from '../integration/harness.ts';
import type { Component } from '../integration/outrigger.ts';
import { until } from '../local-cluster/cluster.ts';
import { PORT, type Churn } from './churn.ts';

export const VICTIMS = ['operator', 'apiserver', 'proxy'] as const;
export type Victim = (typeof VICTIMS)[number];

/** Time limit from the restart of the killed process until gateways and status agree with the API server, ms. */
const CONVERGENCE_MS = 15_000;
const RETURN_MS = 30_000;
/** Largest random delay, ms: before a kill, of the API server's absence, and of changes after the restart. */
const MAX_DELAY_MS = { before: 1000, away: 1000, after: 300 } as const;

export interface KillResult {
  readonly victim: Victim;
  readonly kills: number;
  /** Of clients of both proxies, except of a proxy while it is the victim. */
  readonly requests: number;
  readonly failed: readonly string[];
  /** ms, one per kill. */
  readonly converged: readonly number[];
}

/**
 * @param random decides every time; not shared with `churn`, which uses a number of values that depends on timing
 * @throws Error that names what did not converge in time
 */
export async function killRepeatedly(
  harness: Harness,
  churn: Churn,
  victim: Victim,
  kills: number,
  random: () => number,
): Promise<KillResult> {
  const load = new Load(harness.gateways.map((gateway) => gateway.url(PORT)));
  const converged: number[] = [];
  try {
    for (let i = 0; i < kills; i += 1) {
      churn.resume();
      await pause(random() * MAX_DELAY_MS.before);
      const proxy = harness.gateways[random() < 0.5 ? 0 : 1];
      if (victim === 'proxy') load.spare(proxy.url(PORT));
      await killAndAwaitReturn(harness, victim, proxy, random);
      const returned = performance.now();
      await pause(random() * MAX_DELAY_MS.after);
      await churn.pause();
      await untilConverged(churn, `${victim}, kill ${i + 1}`);
      converged.push(performance.now() - returned);
      load.count(proxy.url(PORT));
    }
  } finally {
    await churn.pause();
    await load.stop();
  }
  return { victim, kills, requests: load.sent, failed: load.failed, converged };
}

/** Resolves when the process runs again: the pod runner restarts pods, this function restarts the API server. */
async function killAndAwaitReturn(harness: Harness, victim: Victim, proxy: Component, random: () => number): Promise<void> {
  if (victim === 'apiserver') {
    const { apiServer } = harness.platform;
    if (apiServer === undefined) throw new Error('this API server cannot be killed: it was not started here');
    await apiServer.kill();
    await pause(random() * MAX_DELAY_MS.away);
    return apiServer.start();
  }
  const component = victim === 'operator' ? harness.operator : proxy;
  const { pid } = component;
  component.kill('SIGKILL');
  await until(`${component.name} is started again`, RETURN_MS, () => component.pid !== undefined && component.pid !== pid);
}

async function untilConverged(churn: Churn, when: string): Promise<void> {
  let last: string | undefined;
  await until('convergence', CONVERGENCE_MS, async () => {
    last = await churn.difference().catch((error: unknown) => String(error));
    return last === undefined;
  }).catch((error: unknown) => {
    throw new Error(`${when}: no convergence within ${CONVERGENCE_MS} ms: ${last}`, { cause: error });
  });
}
