import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { COMPILE_CACHE } from '../../scripts/compile-cache.ts';
import { tied } from './tied.ts';

const MAIN = join(import.meta.dirname, 'apiserver', 'main.ts');
const START_MS = 20_000;

export interface ApiServerOptions {
  readonly bind: string;
  /** 0: the system chooses; a restarted server gets the port that was chosen. */
  readonly port: number;
  readonly stateDir: string;
  readonly token: string;
  readonly kubeconfig: string;
  readonly logFile: string;
  readonly auditLog: string;
  /** Prefix of the loopback addresses that endpoints may have. */
  readonly podPrefix: string;
}

/** The local API server as a process of its own, so that tests can kill it. */
export class ApiServerProcess {
  readonly #child: ChildProcess;
  readonly url: string;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
  }

  /** Resolves when it answers. @throws Error, with the path of the log, when it ends or prints nothing for 20 s. */
  static async start(options: ApiServerOptions): Promise<ApiServerProcess> {
    const { bind, port, stateDir, token, kubeconfig, logFile, auditLog, podPrefix } = options;
    const flags = Object.entries({
      bind,
      port: String(port),
      'state-dir': stateDir,
      token,
      kubeconfig,
      'audit-log': auditLog,
      'test-pod-prefix': podPrefix,
    });
    const log = openSync(logFile, 'a');
    // A process group of its own: Ctrl-C in the terminal must not end the API server before the pods.
    // kubectl and helm send a token only over TLS.
    const [file, ...args] = tied([process.execPath, MAIN, '--tls', ...flags.flatMap(([name, value]) => [`--${name}`, value])]);
    const child = spawn(file, args, {
      detached: true,
      stdio: ['ignore', 'pipe', log],
      env: { NODE_COMPILE_CACHE: COMPILE_CACHE },
    });
    closeSync(log);
    const deadline = AbortSignal.timeout(START_MS);
    try {
      const lines = createInterface({ input: child.stdout as Readable });
      // Readline continues to read, so that the server never blocks on a full pipe.
      const ended = once(child, 'exit', { signal: deadline }).then(() => undefined);
      const first = once(lines, 'line', { signal: deadline }).then(([line]) => String(line));
      const line = await Promise.race([first, ended]);
      if (line === undefined) throw new Error('the process ended');
      return new ApiServerProcess(child, (JSON.parse(line) as { url: string }).url);
    } catch (error) {
      child.kill('SIGKILL');
      throw new Error(`the API server did not start; see ${logFile}`, { cause: error });
    }
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Resolves when the process is gone. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill(signal);
    await gone;
  }
}
