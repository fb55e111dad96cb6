/** Pins processes to CPUs: the process under test has CPU 1 alone, everything else shares CPU 0. */
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** `tested`: the process whose CPU time is measured. `shared`: load generators and backends (the benchmark itself only waits). */
export type CpuRole = 'tested' | 'shared';

const CPU: Readonly<Record<CpuRole, string>> = { shared: '0', tested: '1' };

/** Why processes cannot be pinned here; undefined when they can. */
export const whyNotPinned: string | undefined =
  availableParallelism() < 2
    ? 'this machine has one CPU'
    : spawnSync('taskset', ['--version']).error
      ? 'taskset (util-linux) is not installed'
      : undefined;

/** A command line that runs on the CPU of `role`; unchanged where pinning is not possible. */
export function pinnedCommand(role: CpuRole | undefined, argv: readonly string[]): readonly string[] {
  return role === undefined || whyNotPinned !== undefined ? argv : ['taskset', '--cpu-list', CPU[role], ...argv];
}
