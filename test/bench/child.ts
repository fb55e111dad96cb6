import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { tied } from '../local-cluster/tied.ts';
import { pinnedCommand, type CpuRole } from './cpu-affinity.ts';
import type { Cleanup } from './cleanup.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const START_MS = 20_000;

export interface ChildOptions {
  /** Flags of Node, before the program. */
  readonly flags?: readonly string[];
  /** A JavaScript or TypeScript file relative to the project's root, or any other program on the PATH. */
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Which CPU it runs on; any when absent. */
  readonly cpu?: CpuRole;
  /** File for a server's output; /dev/null when absent. */
  readonly log?: string;
}

type Stream = 'ignore' | 'pipe' | 'inherit' | number;

/** Starts a program, with Node where it is a file for Node; the caller ends it. */
export function startChild({ flags = [], program, args, env = {}, cpu }: ChildOptions, stdio: readonly Stream[]): ChildProcess {
  const runtime = /\.m?[jt]s$/.test(program) ? [process.execPath, ...flags] : [];
  const [file, ...rest] = tied(pinnedCommand(cpu, [...runtime, program, ...args]));
  return spawn(file, rest, { cwd: ROOT, stdio: [...stdio], env: { PATH: process.env['PATH'], ...env } });
}

export interface Server {
  readonly pid: number;
  /** Resolves with the exit code when it has ended; null where a signal ended it. */
  readonly ended: Promise<number | null>;
}

/** Starts a server, which the cleanup kills. `ready` returns whether it can be used. */
export async function startServer(cleanup: Cleanup, options: ChildOptions, ready: () => Promise<boolean>): Promise<Server> {
  const log = options.log === undefined ? 'ignore' : openSync(options.log, 'a');
  const child = startChild(options, ['ignore', log, log === 'ignore' ? 'inherit' : log]);
  if (log !== 'ignore') closeSync(log);
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  cleanup.defer(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const deadline = performance.now() + START_MS;
  while (!(await ready().catch(() => false))) {
    if (child.exitCode !== null) throw new Error(`${options.program} ended with code ${child.exitCode}`);
    if (performance.now() > deadline) throw new Error(`${options.program} was not ready within ${START_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { pid: child.pid as number, ended };
}

/** Runs a program to its end, unless the cleanup kills it first; returns its output. @throws Error unless its exit code is 0. */
export async function runProgram(cleanup: Cleanup, options: ChildOptions): Promise<string> {
  const child = startChild(options, ['ignore', 'pipe', 'inherit']);
  cleanup.defer(() => void child.kill('SIGKILL'));
  const gone = once(child, 'exit');
  const output = await text(child.stdout as NodeJS.ReadableStream);
  await gone;
  if (child.exitCode !== 0) throw new Error(`${options.program} ended with ${child.exitCode ?? child.signalCode}`);
  return output;
}
