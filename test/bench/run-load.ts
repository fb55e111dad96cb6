import { runProgram } from './child.ts';
import type { LoadReport } from './load-tally.ts';
import type { Place } from './cpu-affinity.ts';
import type { Scope } from './cleanup.ts';

export interface LoadOptions {
  /** `HOST:PORT`, used in turn. */
  readonly targets: readonly string[];
  readonly connections: number;
  readonly seconds: number;
  /** At most so many requests; as many as the time allows when absent. */
  readonly count?: number;
  readonly place?: Place;
}

/** Runs the load generator to its end; for ever-hanging targets, 10 s longer than `seconds`. */
export async function runLoad(scope: Scope, { targets, connections, seconds, count, place }: LoadOptions): Promise<LoadReport> {
  const args = [
    ...targets.flatMap((target) => ['--target', target]),
    ...['--connections', String(connections), '--seconds', String(seconds)],
    ...(count === undefined ? [] : ['--count', String(count)]),
  ];
  const output = await runProgram(scope, { program: 'test/bench/load.ts', args, ...(place ? { place } : {}) });
  return JSON.parse(output) as LoadReport;
}
