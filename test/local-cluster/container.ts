import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { COMPILE_CACHE } from '../../scripts/compile-cache.ts';
import type { Launch } from './expand.ts';
import type { RestartPolicy } from './pod-types.ts';
import { tied } from './tied.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** Delay between restarts of a container that keeps failing, ms: doubled each time, reset after `forgottenAfter` of running. */
const BACK_OFF = { base: 100, max: 2_000, forgottenAfter: 10_000 };

export type ContainerState =
  | { readonly waiting: { readonly reason: string; readonly message?: string } }
  | { readonly running: { readonly startedAt: string } }
  | {
      readonly terminated: {
        readonly exitCode: number;
        readonly signal?: number;
        readonly reason: string;
        readonly finishedAt: string;
      };
    };

/** One container as a process that is restarted when it ends, as its policy says, until it is stopped. */
export class Container {
  state: ContainerState = { waiting: { reason: 'ContainerCreating' } };
  lastState: ContainerState | undefined;
  id: string | undefined;
  restarts = -1;
  readonly #launch: Launch;
  readonly #logFile: string;
  readonly #changed: () => void;
  readonly #restart: RestartPolicy;
  readonly #stopping = new AbortController();
  #child: ChildProcess | undefined;
  #ended: Promise<void> | undefined;

  /** `changed` is called after every change of `state`. Output is appended to `logFile`. */
  constructor(launch: Launch, logFile: string, changed: () => void, restart: RestartPolicy = 'Always') {
    this.#restart = restart;
    this.#launch = launch;
    this.#logFile = logFile;
    this.#changed = changed;
  }

  get running(): boolean {
    return 'running' in this.state;
  }

  get succeeded(): boolean {
    return 'terminated' in this.state && this.state.terminated.exitCode === 0;
  }

  /** It has ended, and is not started again. */
  get finished(): boolean {
    if (!('terminated' in this.state)) return false;
    return this.#restart === 'Never' || (this.#restart === 'OnFailure' && this.succeeded);
  }

  /** Resolves when it has finished, or was stopped. */
  get ended(): Promise<void> {
    return this.#ended ?? Promise.resolve();
  }

  /** The process that runs now; tests kill it to see the container restarted. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): void {
    this.#ended ??= this.#supervise();
  }

  /** SIGTERM, after `graceMs` SIGKILL; resolves when the process is gone. May be called again with a shorter time. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping.abort();
    const cancel = this.#kill(graceMs);
    await this.#ended;
    cancel();
  }

  /** Ends the process that runs now, as `stop` does, so that another one starts. */
  restart(graceMs: number): void {
    const cancel = this.#kill(graceMs);
    this.#child?.once('exit', cancel);
  }

  /** @returns a function that cancels the SIGKILL */
  #kill(graceMs: number): () => void {
    const child = this.#child;
    child?.kill(graceMs > 0 ? 'SIGTERM' : 'SIGKILL');
    const timer = setTimeout(() => child?.kill('SIGKILL'), graceMs);
    return () => clearTimeout(timer);
  }

  async #supervise(): Promise<void> {
    let pause = BACK_OFF.base;
    while (!this.#stopping.signal.aborted) {
      const started = performance.now();
      await this.#runOnce();
      if (this.#stopping.signal.aborted || this.finished) return;
      if (performance.now() - started > BACK_OFF.forgottenAfter) pause = BACK_OFF.base;
      this.lastState = this.state;
      this.#become({ waiting: { reason: 'CrashLoopBackOff', message: `starts again in ${pause} ms; see ${this.#logFile}` } });
      await delay(pause, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      pause = Math.min(pause * 2, BACK_OFF.max);
    }
  }

  async #runOnce(): Promise<void> {
    const log = openSync(this.#logFile, 'a');
    const { promise: ended, resolve } = Promise.withResolvers<{ exitCode: number; signal?: number }>();
    const [file, ...args] = tied(this.#launch.argv);
    // A process group of its own: Ctrl-C in the terminal reaches the runner, which stops pods in its own order.
    const child = spawn(file, args, {
      cwd: ROOT,
      detached: true,
      stdio: ['ignore', log, log],
      env: {
        PATH: `${join(ROOT, 'node_modules', '.bin')}${delimiter}${process.env['PATH'] ?? ''}`,
        NODE_COMPILE_CACHE: COMPILE_CACHE,
        ...this.#launch.env,
      },
    });
    closeSync(log);
    this.#child = child;
    this.restarts += 1;
    this.id = `local://${randomBytes(16).toString('hex')}`;
    child.on('error', () => resolve({ exitCode: 127 }));
    child.on('exit', (code, signal) => {
      const number = signal ? constants.signals[signal] : 0;
      resolve(number > 0 ? { exitCode: 128 + number, signal: number } : { exitCode: code ?? 1 });
    });
    if (child.pid !== undefined) this.#become({ running: { startedAt: new Date().toISOString() } });
    const end = await ended;
    this.#child = undefined;
    this.#become({
      terminated: { ...end, reason: end.exitCode === 0 ? 'Completed' : 'Error', finishedAt: new Date().toISOString() },
    });
  }

  #become(state: ContainerState): void {
    this.state = state;
    this.#changed();
  }
}
