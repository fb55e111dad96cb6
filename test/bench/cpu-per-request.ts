/** CPU time of a process per request that it answers, and comparisons of rounds. */
import type { Contender } from './contenders.ts';
import type { LoadReport } from './load-tally.ts';
import type { RequestShape } from './request-shape.ts';
import { runLoad } from './run-load.ts';
import type { Cleanup } from './cleanup.ts';
import { spread } from './stats.ts';

const CONNECTIONS = 64;

export interface CpuSample {
  /** CPU microseconds per answered request. */
  readonly micros: number;
  /** Utilisation of its CPU by the process, percent. */
  readonly busy: number;
  readonly load: LoadReport;
}

/** One measurement under load, without the opening of its connections. @throws Error when a request did not get a complete response 200: the numbers would be meaningless. */
export async function measureCpu(
  cleanup: Cleanup,
  { pid, target }: Contender,
  seconds: number,
  { connections = CONNECTIONS, shape = {} }: { readonly connections?: number; readonly shape?: RequestShape } = {},
): Promise<CpuSample> {
  const load = await runLoad(cleanup, { targets: [target], connections, seconds, shape, watch: pid, cpu: 'shared' });
  if (load.failed + load.broken > 0 || load.byStatus[200] !== load.answered)
    throw new Error(`${target}: ${JSON.stringify(load)}`);
  const used = load.cpuSeconds ?? NaN;
  return { micros: (used / load.answered) * 1e6, busy: (used / load.seconds) * 100, load };
}

/** Ratios of the two samples of each round: whatever slows the machine down for a while affects both. */
export function ratios(samples: readonly CpuSample[], others: readonly CpuSample[]): ReturnType<typeof spread> {
  return spread(samples.map(({ micros }, i) => micros / (others[i]?.micros ?? NaN)));
}

export const formatSpread = ({ median, low, high }: ReturnType<typeof spread>): string =>
  `${median.toFixed(3)} (quartiles ${low.toFixed(3)}–${high.toFixed(3)})`;
