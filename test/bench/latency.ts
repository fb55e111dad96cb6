/** Latency at a constant rate (an open loop): how much more than HAProxy each adds. */
import type { Bench } from './bench.ts';
import { startBackends } from './contenders.ts';
import { whyNotPinned } from './cpu-affinity.ts';
import { enterAll, WIRE_TITLE, type Entrant } from './lineup.ts';
import { summarise, type Summary } from './rate-report.ts';
import { atMost, differenceOf, formatMs, measureRounds } from './rounds.ts';
import { runConstantRate } from './run-rate.ts';
import { median } from './stats.ts';

const ROUNDS = 9;
const SECONDS = 1;
const WARM_UP = 1;
/** Requests per second, and connections: so many that none waits for one. */
const [RATE, CONNECTIONS] = [2_000, 64];
/** Milliseconds of p99 more than HAProxy has. */
const BOUND = 1;

export const latency: Bench = async ({ rounds = ROUNDS, seconds = SECONDS }, cleanup, note) => {
  if (whyNotPinned !== undefined) note(`nothing is pinned to a CPU: ${whyNotPinned}`);
  const entrants = await enterAll(cleanup, await startBackends(cleanup), note);
  const measure = async ({ target, title }: Entrant): Promise<Summary> => {
    const options = { targets: [target], rate: RATE, connections: CONNECTIONS, seconds, cpu: 'shared' } as const;
    const found = summarise(await runConstantRate(cleanup, options));
    if (found.failed > 0) throw new Error(`${title}: ${found.failed} of ${found.sent} failed`);
    return found;
  };
  const show = ({ p99 }: Summary) => `${p99.toFixed(1)} ms`;
  const samples = await measureRounds(entrants, { rounds, warmUp: WARM_UP, measure, show }, note);
  const first = (entrants[0] as Entrant).title;
  return [...samples].map(([title, each]) => {
    const more = differenceOf(samples, title, first, ({ p99 }) => p99);
    const of = (value: (summary: Summary) => number) => median(each.map(value)).toFixed(2);
    return {
      what: `p99 at ${RATE} requests a second (open loop) − that of ${first}: ${title}`,
      number: `${formatMs(more)}; p50 ${of(({ p50 }) => p50)}, p99 ${of(({ p99 }) => p99)} ms`,
      ...(title === WIRE_TITLE && first === 'haproxy' && atMost(BOUND, more.median, ' ms')),
    };
  });
};
