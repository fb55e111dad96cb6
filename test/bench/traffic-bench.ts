/** CPU per request of shapes of traffic, for everything that `lineup.ts` has. */
import type { Bench, Row } from './bench.ts';
import { startBackends } from './contenders.ts';
import { whyNotPinned } from './cpu-affinity.ts';
import { formatSpread, measureCpu, type CpuSample } from './cpu-per-request.ts';
import { DEFAULTS_TITLE, enterAll, WIRE_TITLE, type Entrant } from './lineup.ts';
import type { RequestShape } from './request-shape.ts';
import { atMost, measureRounds, ratioOf, type Samples } from './rounds.ts';
import { median } from './stats.ts';

const ROUNDS = 9;

export interface Traffic {
  readonly title: string;
  readonly shape: RequestShape;
  /** Largest CPU per request of the proxy with its own engines ÷ HAProxy's; absent: for information. */
  readonly bound?: number;
  /** The same ÷ that of the engines on node:http. */
  readonly gain?: number;
}

/** `warmUp`: rounds that are discarded for each shape. */
export function trafficBench(shapes: readonly Traffic[], defaults: { readonly seconds: number; readonly warmUp: number }): Bench {
  return async ({ rounds = ROUNDS, seconds = defaults.seconds }, cleanup, note) => {
    if (whyNotPinned !== undefined) note(`nothing is pinned to a CPU: ${whyNotPinned}`);
    const entrants = await enterAll(cleanup, await startBackends(cleanup), note);
    const rows: Row[] = [];
    for (const one of shapes) {
      note(one.title);
      const settings = {
        ...{ rounds, warmUp: defaults.warmUp },
        measure: (entrant: Entrant) => measureCpu(cleanup, entrant, seconds, { shape: one.shape }),
        show: ({ micros }: CpuSample) => `${micros.toFixed(1)} µs`,
      };
      rows.push(...rowsOf(one, await measureRounds(entrants, settings, note)));
    }
    return rows;
  };
}

const micros = (sample: CpuSample) => sample.micros;

function rowsOf({ title, bound, gain }: Traffic, samples: Samples<CpuSample>): readonly Row[] {
  const first = [...samples.keys()][0] as string;
  const rows = [...samples].map(([name, each]): Row => {
    const ratio = ratioOf(samples, name, first, micros);
    return {
      what: `CPU per request ÷ ${first}, ${title}: ${name}`,
      number: `${formatSpread(ratio)}; ${describeCpu(each)}`,
      ...(name === WIRE_TITLE && first === 'haproxy' && bound !== undefined && atMost(bound, ratio.median)),
    };
  });
  if (gain === undefined) return rows;
  const ratio = ratioOf(samples, WIRE_TITLE, DEFAULTS_TITLE, micros);
  const what = `CPU per request, ${title}: ${WIRE_TITLE} ÷ ${DEFAULTS_TITLE}`;
  return [...rows, { what, number: formatSpread(ratio), ...atMost(gain, ratio.median) }];
}

/** Medians of the rounds. Where the CPU is not busy all the time, the load generator and the backends limit the requests per second. */
export function describeCpu(samples: readonly CpuSample[]): string {
  const of = (value: (sample: CpuSample) => number) => median(samples.map(value));
  const perSecond = of(({ load }) => load.answered / load.seconds).toFixed(0);
  const latency = `p50 ${of(({ load }) => load.latencyMs.p50).toFixed(1)} ms, p99 ${of(({ load }) => load.latencyMs.p99).toFixed(1)} ms`;
  return `${of(micros).toFixed(1)} µs, ${perSecond}/s, ${latency}, ${of(({ busy }) => busy).toFixed(0)} % busy`;
}
