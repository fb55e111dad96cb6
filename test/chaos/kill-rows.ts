/** The operator, the API server and the proxies are killed at random times: see kills.ts. */
import { setTimeout as pause } from 'node:timers/promises';
import { seeded } from '../../proxy/balance/testing.ts';
import type { Row } from '../bench/bench.ts';
import { startConstantRate } from '../bench/run-rate.ts';
import { Harness } from '../integration/harness.ts';
import { CONNECTIONS, RATE, SECONDS, type Experiment } from './chaos.ts';
import { Churn, PORT } from './churn.ts';
import { killRepeatedly, type KillResult, type Victim } from './kills.ts';
import { noFailureRow, ms } from './result-row.ts';

const KILLS = 20;
/** Time limit; the load ends after the last kill. */
const LONGEST_SECONDS = 900;

/** The constant load is on both proxies, which are not killed. */
function controlPlane(victim: Victim): Experiment {
  return async ({ seconds = SECONDS, seed }, cleanup, note) => {
    const { harness, churn } = await start(seed, cleanup);
    const targets = harness.gateways.map(({ address }) => `${address}:${PORT}`);
    const began = performance.now();
    const rate = await startConstantRate(cleanup, { targets, rate: RATE, connections: CONNECTIONS, seconds: LONGEST_SECONDS });
    const outcome = await killRepeatedly(harness, churn, victim, killsIn(seconds), seeded(seed));
    await pause(Math.max(0, began + seconds * 1000 - performance.now()));
    const done = `${outcome.kills} SIGKILLs of the ${victim}`;
    return [noFailureRow(await rate.stop(), { description: done, sufficient: true }, note), rowOf(outcome, note)];
  };
}

const proxy: Experiment = async ({ seconds = SECONDS, seed }, cleanup, note) => {
  const { harness, churn } = await start(seed, cleanup);
  return [rowOf(await killRepeatedly(harness, churn, 'proxy', killsIn(seconds), seeded(seed)), note)];
};

async function start(seed: number, cleanup: Parameters<Experiment>[1]) {
  const harness = await Harness.start();
  cleanup.defer(() => harness.stop());
  return { harness, churn: await Churn.start(harness, seeded(seed)) };
}

const killsIn = (seconds: number) => Math.max(1, Math.round((KILLS * Math.min(seconds, SECONDS)) / SECONDS));

function rowOf({ victim, kills, requests, failed, converged }: KillResult, note: (text: string) => void): Row {
  failed.slice(0, 10).forEach(note);
  const sorted = converged.toSorted((a, b) => a - b);
  const [p50 = NaN, max = NaN] = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)];
  return {
    what: `${victim} killed ${kills} times during changes: failed requests of clients of proxies that were not killed, closed loop`,
    number: `${failed.length} of ${requests}; all converged after ${ms(p50)} ms (p50), ${ms(max)} ms (max)`,
    bound: { text: '0; within 15 s', met: failed.length === 0 && requests > 0 },
  };
}

export const killRows = {
  'operator-kills': controlPlane('operator'),
  'apiserver-kills': controlPlane('apiserver'),
  'proxy-kills': proxy,
} as const;
