import { runProgram } from './child.ts';
import type { WatchedReport } from './load-tally.ts';
import { shapeArgs, type RequestShape } from './request-shape.ts';
import type { CpuRole } from './cpu-affinity.ts';
import type { Cleanup } from './cleanup.ts';

export interface LoadOptions {
  /** `HOST:PORT`; connections are spread over them in rotation. */
  readonly targets: readonly string[];
  readonly connections: number;
  readonly seconds: number;
  /** Largest number of requests; as many as the time allows when absent. */
  readonly count?: number;
  /** What the requests are; small GETs when absent. */
  readonly shape?: RequestShape;
  /** Process whose CPU time is in the report. */
  readonly watch?: number;
  readonly cpu?: CpuRole;
}

/** Runs the load generator to its end; where a target never responds, that is 10 s after `seconds`. */
export async function runLoad(cleanup: Cleanup, options: LoadOptions): Promise<WatchedReport> {
  const { targets, connections, seconds, count, shape = {}, watch, cpu } = options;
  const args = [
    ...targets.flatMap((target) => ['--target', target]),
    ...['--connections', String(connections), '--seconds', String(seconds)],
    ...shapeArgs(shape),
    ...(watch === undefined ? [] : ['--watch', String(watch)]),
    ...(count === undefined ? [] : ['--count', String(count)]),
  ];
  const output = await runProgram(cleanup, { program: 'test/bench/load.ts', args, ...(cpu ? { cpu } : {}) });
  return JSON.parse(output) as WatchedReport;
}
