/** Which CPU a process runs on: the one under test has CPU 1 for itself, everything else shares CPU 0. */
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** `test`: the process whose CPU time is measured. `rest`: load and backends (the benchmark itself only waits). */
export type Place = 'test' | 'rest';

const CPU: Readonly<Record<Place, string>> = { rest: '0', test: '1' };

/** Why processes can not be pinned here; undefined: they can. */
export const pinningProblem: string | undefined =
  availableParallelism() < 2
    ? 'this machine has one CPU'
    : spawnSync('taskset', ['--version']).error
      ? 'taskset (util-linux) is not there'
      : undefined;

/** A command line that runs on the CPU of `place`, or as it is where pinning is not possible. */
export function pinned(place: Place | undefined, argv: readonly string[]): readonly string[] {
  return place === undefined || pinningProblem !== undefined ? argv : ['taskset', '--cpu-list', CPU[place], ...argv];
}
