/** The leader of two operators is ended repeatedly: the time until the other one has pushed a change; no request may fail. */
import { startConstantRate } from '../bench/run-rate.ts';
import type { Row } from '../bench/bench.ts';
import { Harness } from '../integration/harness.ts';
import { Leading, WITHIN } from '../integration/leading.ts';
import { CONNECTIONS, RATE, SECONDS, type Experiment } from './chaos.ts';
import { noFailureRow, ms } from './result-row.ts';

const PORT = 8650;
/** How many fit into a minute: after a SIGKILL there is no leader for 15 s. */
const TIMES = { SIGTERM: 6, SIGKILL: 2 } as const;
/** Time limit; the load ends after the last leader. */
const LONGEST_SECONDS = 300;

type Signal = keyof typeof TIMES;

const leaderKills: Experiment = async ({ seconds = SECONDS }, cleanup, note) => {
  const harness = await Harness.start(undefined, { operators: ['operator-1', 'operator-2'] });
  cleanup.defer(() => harness.stop());
  const leading = new Leading(harness, PORT);
  await harness.publish('web', ...(await harness.backends('a', 'b', 'c')));
  await leading.change();
  await leading.untilInForce();
  const targets = harness.gateways.map(({ address }) => `${address}:${PORT}`);
  const rate = await startConstantRate(cleanup, { targets, rate: RATE, connections: CONNECTIONS, seconds: LONGEST_SECONDS });
  const took: Record<Signal, number[]> = { SIGTERM: [], SIGKILL: [] };
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const times = Math.max(1, Math.round((TIMES[signal] * Math.min(seconds, SECONDS)) / SECONDS));
    for (let i = 0; i < times; i += 1) took[signal].push(await endLeader(leading, signal));
  }
  const done = `${took.SIGTERM.length} SIGTERMs and ${took.SIGKILL.length} SIGKILLs of the leading operator`;
  return [
    noFailureRow(await rate.stop(), { description: done, sufficient: true }, note),
    rowOf('SIGTERM', took),
    rowOf('SIGKILL', took),
  ];
};

/** Ends the leader (SIGKILL: and its pod). Resolves with the time to the next push, when there are two operators again. */
async function endLeader(leading: Leading, signal: Signal): Promise<number> {
  const [leader, standby] = await leading.roles();
  const running = leader.pid;
  if (signal === 'SIGTERM') leader.kill(signal);
  else await leading.destroy(leader);
  const took = await leading.timeToPush(WITHIN[signal]);
  if (signal === 'SIGKILL') await leading.replace(leader);
  else await leading.untilBack(leader, running);
  if ((await leading.roles())[0] !== standby) throw new Error(`${leader.name} leads again after ${signal}`);
  return took;
}

function rowOf(signal: Signal, took: Readonly<Record<Signal, readonly number[]>>): Row {
  const sorted = took[signal].toSorted((a, b) => a - b);
  const [p50 = NaN, max = NaN] = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)];
  const gone = signal === 'SIGKILL' ? ', whose pod is gone,' : '';
  return {
    what: `from ${signal} to the leader${gone} until another has pushed a change, ${sorted.length} times`,
    number: `p50 ${ms(p50)}, max ${ms(max)} ms`,
    bound: { text: `≤ ${WITHIN[signal]} ms`, met: max <= WITHIN[signal] },
  };
}

export const leaderRows = { 'leader-kills': leaderKills } as const;
