/** Backends with a mode of failure that can be set, each a separate process on its own address. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { COMPILE_CACHE } from '../../scripts/compile-cache.ts';
import { startChild } from '../bench/child.ts';
import type { Cleanup } from '../bench/cleanup.ts';
import type { AddressBlock } from '../local-cluster/pods.ts';
import type { Mode } from './modes.ts';

export const BACKEND_PORT = 8080;

export class FaultyBackend {
  readonly address: string;
  #child: ChildProcess | undefined;
  #lines: AsyncIterator<string> | undefined;

  private constructor(address: string) {
    this.address = address;
  }

  /** Starts `count` backends; resolves when they listen. The cleanup kills them. */
  static async start(cleanup: Cleanup, addresses: AddressBlock, count: number): Promise<readonly FaultyBackend[]> {
    const backends = Array.from({ length: count }, () => new FaultyBackend(addresses.take()));
    cleanup.defer(async () => {
      await Promise.all(backends.map((backend) => backend.kill()));
      for (const { address } of backends) addresses.free(address);
    });
    await Promise.all(backends.map((backend) => backend.start()));
    return backends;
  }

  /** Starts the process, also after a kill, on the same address and in mode `normal`. Resolves when it listens. */
  async start(): Promise<void> {
    const args = ['--bind', this.address, '--port', String(BACKEND_PORT)];
    const env = { NODE_COMPILE_CACHE: COMPILE_CACHE };
    const child = startChild({ program: 'test/chaos/faulty-backend.ts', args, env, cpu: 'shared' }, ['pipe', 'pipe', 'inherit']);
    child.stdin?.on('error', () => undefined); // the process was killed; `setMode` reports it
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout as Readable })[Symbol.asyncIterator]();
    await this.#expect('normal');
  }

  /** Resolves when the mode is in force. */
  async setMode(mode: Mode): Promise<void> {
    (this.#child?.stdin as Writable).write(`${mode}\n`);
    await this.#expect(mode);
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** Replaces the process by a new one on the same address, without any earlier state. */
  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }

  async #expect(mode: Mode): Promise<void> {
    const line = await this.#lines?.next();
    if (line?.done !== false || line.value !== mode)
      throw new Error(`the backend on ${this.address} did not enter the mode ${mode}`);
  }
}
