import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { tied } from '../local-cluster/tied.ts';
import { pinned, type Place } from './pin.ts';
import type { Scope } from './scope.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const START_MS = 20_000;

export interface ChildOptions {
  /** JavaScript or TypeScript, relative to the project's root, and its arguments. */
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Where it runs; anywhere when absent. */
  readonly place?: Place;
}

function start({ program, args, env = {}, place }: ChildOptions, stdout: 'ignore' | 'pipe') {
  const [file, ...rest] = tied(pinned(place, [process.execPath, program, ...args]));
  return spawn(file, rest, { cwd: ROOT, stdio: ['ignore', stdout, 'inherit'], env: { PATH: process.env['PATH'], ...env } });
}

/** A server under Node, killed when the scope ends. Its output goes to /dev/null. `ready` says whether it can be used. */
export async function startServer(scope: Scope, options: ChildOptions, ready: () => Promise<boolean>): Promise<number> {
  const child = start(options, 'ignore');
  const gone = once(child, 'exit');
  scope.defer(async () => {
    child.kill('SIGKILL');
    await gone;
  });
  const deadline = performance.now() + START_MS;
  while (!(await ready().catch(() => false))) {
    if (child.exitCode !== null) throw new Error(`${options.program} ended with code ${child.exitCode}`);
    if (performance.now() > deadline) throw new Error(`${options.program} was not ready within ${START_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return child.pid as number;
}

/** Runs a program under Node to its end, or to the end of the scope, and gives what it printed. @throws Error unless its exit code is 0. */
export async function runProgram(scope: Scope, options: ChildOptions): Promise<string> {
  const child = start(options, 'pipe');
  scope.defer(() => void child.kill('SIGKILL'));
  const gone = once(child, 'exit');
  const output = await text(child.stdout as NodeJS.ReadableStream);
  await gone;
  if (child.exitCode !== 0) throw new Error(`${options.program} ended with ${child.exitCode ?? child.signalCode}`);
  return output;
}
