/** CPU per request with many connections, and with a new one for each request. */
import type { Bench, Row } from './bench.ts';
import { startBackends, startPlain } from './contenders.ts';
import { whyNotPinned } from './cpu-affinity.ts';
import { formatSpread, measureCpu, type CpuSample } from './cpu-per-request.ts';
import { DEFAULTS_TITLE, enterAll, WIRE_TITLE, type Entrant } from './lineup.ts';
import { atMost, measureRounds, ratioOf, type Samples } from './rounds.ts';
import { describeCpu } from './traffic-bench.ts';

const ROUNDS = 9;
const SECONDS = 0.5;
const WARM_UP = 1;
const [FEW, MANY] = [64, 512];
/** Largest CPU per request with many connections ÷ with few. */
const MANY_BOUND = 1.1;
/** Largest CPU per request with a new connection ÷ that of a splice. */
const NEW_BOUND = 1.2;
/** Those that are measured with many connections. */
const GROWING = ['haproxy', WIRE_TITLE, DEFAULTS_TITLE];
const SPLICE = 'bare splice in Node';

type Measure = (one: Entrant) => Promise<CpuSample>;
const micros = (sample: CpuSample) => sample.micros;

export const connections: Bench = async ({ rounds = ROUNDS, seconds = SECONDS }, cleanup, note) => {
  if (whyNotPinned !== undefined) note(`nothing is pinned to a CPU: ${whyNotPinned}`);
  const site = await startBackends(cleanup);
  const entrants = await enterAll(cleanup, site, note);
  const splice = { title: SPLICE, ...(await startPlain(cleanup, 'splice', site.addresses.take(), site.backends)) };
  const run = <S>(all: readonly Entrant[], measure: (one: Entrant) => Promise<S>, show: (sample: S) => string) =>
    measureRounds(all, { rounds, warmUp: WARM_UP, measure, show }, note);
  const at =
    (count: number): Measure =>
    (one) =>
      measureCpu(cleanup, one, seconds, { connections: count });
  note(`${MANY} connections`);
  const growing = entrants.filter(({ title }) => GROWING.includes(title));
  const pair = async (one: Entrant) => ({ few: await at(FEW)(one), many: await at(MANY)(one) });
  const many = await run(growing, pair, ({ few, many }) => `${few.micros.toFixed(1)}, ${many.micros.toFixed(1)} µs`);
  note('new connections');
  const renew: Measure = (one) => measureCpu(cleanup, one, seconds, { shape: { close: true } });
  const renewed = await run([...entrants, splice], renew, ({ micros }) => `${micros.toFixed(1)} µs`);
  return [...manyRows(many), ...newRows(renewed)];
};

function manyRows(samples: Samples<{ readonly few: CpuSample; readonly many: CpuSample }>): readonly Row[] {
  return [...samples].map(([title, each]) => {
    const own = new Map([
      ['few', each.map(({ few }) => few)],
      ['many', each.map(({ many }) => many)],
    ]);
    const ratio = ratioOf(own, 'many', 'few', micros);
    return {
      what: `CPU per request with ${MANY} connections ÷ with ${FEW}: ${title}`,
      number: `${formatSpread(ratio)}; ${describeCpu(own.get('many') ?? [])}`,
      ...(title === WIRE_TITLE && atMost(MANY_BOUND, ratio.median)),
    };
  });
}

function newRows(samples: Samples<CpuSample>): readonly Row[] {
  const first = [...samples.keys()][0] as string;
  const what = 'CPU per request with a new connection';
  const ratio = ratioOf(samples, WIRE_TITLE, SPLICE, micros);
  return [
    ...[...samples].map(([title, each]) => ({
      what: `${what} ÷ ${first}: ${title}`,
      number: `${formatSpread(ratioOf(samples, title, first, micros))}; ${describeCpu(each)}`,
    })),
    { what: `${what}: ${WIRE_TITLE} ÷ ${SPLICE}`, number: formatSpread(ratio), ...atMost(NEW_BOUND, ratio.median) },
  ];
}
