/** One of five backends is 200 ms slower: how well the strategies avoid it, beside HAProxy's leastconn. */
import type { Bench, Row } from './bench.ts';
import type { Cleanup } from './cleanup.ts';
import { startBackends } from './contenders.ts';
import { whyNotPinned } from './cpu-affinity.ts';
import { formatSpread } from './cpu-per-request.ts';
import { enterProxy, enterReference, WIRE, WIRE_TITLE, type Entrant } from './lineup.ts';
import { summarise } from './rate-report.ts';
import { atMost, measureRounds, ratioOf, type Samples } from './rounds.ts';
import { runLoad } from './run-load.ts';
import { runConstantRate } from './run-rate.ts';
import { median } from './stats.ts';

const ROUNDS = 9;
const SECONDS = 1.5;
const WARM_UP = 1;
const BACKENDS = 5;
const CONNECTIONS = 50;
/** Requests per second in the open loop. */
const RATE = 500;
const STRATEGIES = ['LeastRequest', 'PeakEWMA'] as const;
type Strategy = (typeof STRATEGIES)[number];
/**
 * Largest p99 ÷ HAProxy's. Of the open loop for PeakEWMA only: there, hardly any request is in progress when the next one comes, and a count
 * of those in progress, which LeastRequest and leastconn go by, does not tell a slow backend from the others.
 */
const BOUNDS: Readonly<Record<keyof SlowSample, { readonly ratio: number; readonly of: readonly Strategy[] }>> = {
  closed: { ratio: 0.5, of: STRATEGIES },
  open: { ratio: 0.1, of: ['PeakEWMA'] },
};

/** p99 in ms. */
interface SlowSample {
  readonly closed: number;
  readonly open: number;
}

export const slowBackend: Bench = async ({ rounds = ROUNDS, seconds = SECONDS }, cleanup, note) => {
  if (whyNotPinned !== undefined) note(`nothing is pinned to a CPU: ${whyNotPinned}`);
  const site = await startBackends(cleanup, BACKENDS, { slow: true });
  const found = [await enterReference(cleanup, 'haproxy', site, note, 'leastconn')];
  for (const type of STRATEGIES)
    found.push(await enterProxy(cleanup, WIRE, site, { title: nameOf(type), part: { loadBalancer: { type } } }));
  const entrants = found.filter((one) => one !== undefined);
  const measure = (one: Entrant) => measureOne(cleanup, one, seconds);
  const show = ({ closed, open }: SlowSample) => `${closed.toFixed(1)}, ${open.toFixed(1)} ms`;
  const samples = await measureRounds(entrants, { rounds, warmUp: WARM_UP, measure, show }, note);
  return [...rowsOf('closed', 'closed loop', samples), ...rowsOf('open', `open loop, ${RATE} requests a second`, samples)];
};

const nameOf = (strategy: Strategy) => `${WIRE_TITLE}, ${strategy}`;

async function measureOne(cleanup: Cleanup, { target, title }: Entrant, seconds: number): Promise<SlowSample> {
  const common = { targets: [target], connections: CONNECTIONS, seconds, cpu: 'shared' } as const;
  const closed = await runLoad(cleanup, common);
  const open = summarise(await runConstantRate(cleanup, { ...common, rate: RATE }));
  const failed = closed.failed + closed.broken + open.failed;
  if (failed > 0) throw new Error(`${title}: ${failed} requests failed`);
  return { closed: closed.latencyMs.p99, open: open.p99 };
}

function rowsOf(loop: keyof SlowSample, how: string, samples: Samples<SlowSample>): readonly Row[] {
  const first = [...samples.keys()][0] as string;
  const bounded = BOUNDS[loop].of.map(nameOf);
  return [...samples].map(([title, each]) => {
    const ratio = ratioOf(samples, title, first, (sample) => sample[loop]);
    return {
      what: `p99 with one of ${BACKENDS} backends 200 ms slower ÷ that of ${first}, ${how}: ${title}`,
      number: `${formatSpread(ratio)}; ${median(each.map((sample) => sample[loop])).toFixed(1)} ms`,
      ...(first === 'haproxy' && bounded.includes(title) && atMost(BOUNDS[loop].ratio, ratio.median)),
    };
  });
}
