import { get } from 'node:http';
import type { ContainerSpec, Probe } from './pod-types.ts';

/** Until it is ready a container is asked this often, ms; much more often than a kubelet does, so that starts are quick. */
const EAGER_MS = 100;

/** Asks a container's readiness probe as a kubelet does: ready at the first success, not ready after `failureThreshold` failures in a row. */
export class ReadinessProbe {
  ready = false;
  readonly #target: { readonly host: string; readonly port: number; readonly path: string; readonly timeout: number };
  readonly #periodMs: number;
  readonly #threshold: number;
  readonly #changed: () => void;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #run = 0;

  /** @throws Error when the probe names a port that the container does not declare. */
  constructor(probe: Probe, container: ContainerSpec, podIP: string, changed: () => void) {
    const { port, path = '/' } = probe.httpGet;
    const number = typeof port === 'number' ? port : container.ports?.find(({ name }) => name === port)?.containerPort;
    if (number === undefined) throw new Error(`container ${container.name} has no port named ${port}`);
    this.#target = { host: podIP, port: number, path, timeout: (probe.timeoutSeconds ?? 1) * 1000 };
    this.#periodMs = (probe.periodSeconds ?? 10) * 1000;
    this.#threshold = probe.failureThreshold ?? 3;
    this.#changed = changed;
  }

  /** Begins anew, not ready: a run of a container inherits nothing from the run before. */
  start(): void {
    this.stop();
    void this.#loop(this.#run);
  }

  stop(): void {
    this.#run += 1;
    this.ready = false;
    this.#failures = 0;
    clearTimeout(this.#timer);
  }

  async #loop(run: number): Promise<void> {
    const passed = await this.#ask();
    if (run !== this.#run) return;
    this.#failures = passed ? 0 : this.#failures + 1;
    const ready = passed || (this.ready && this.#failures < this.#threshold);
    if (ready !== this.ready) {
      this.ready = ready;
      this.#changed();
    }
    this.#timer = setTimeout(() => void this.#loop(run), this.ready ? this.#periodMs : Math.min(this.#periodMs, EAGER_MS));
  }

  #ask(): Promise<boolean> {
    return new Promise((resolve) => {
      const request = get({ ...this.#target, agent: false }, (response) => {
        response.resume().on('error', () => undefined);
        resolve(response.statusCode !== undefined && response.statusCode >= 200 && response.statusCode < 400);
      });
      request.on('timeout', () => request.destroy(new Error('timeout')));
      request.on('error', () => resolve(false));
    });
  }
}
