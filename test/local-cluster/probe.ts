import { get } from 'node:http';
import type { ContainerSpec, Probe } from './pod-types.ts';

/** Interval of a probe until it passes, ms; much shorter than a kubelet's, so that starts are quick. */
const EAGER_MS = 100;

export interface ProbeEvents {
  /** `passing` has changed. */
  readonly changed: () => void;
  /** Failed `failureThreshold` times in a row, or did not pass once in as many periods. */
  readonly failed?: () => void;
}

/** Probes as a kubelet does: passing at the first success, not passing after `failureThreshold` failures in a row. */
export class HttpProbe {
  passing = false;
  readonly #target: { readonly host: string; readonly port: number; readonly path: string; readonly timeout: number };
  readonly #periodMs: number;
  readonly #threshold: number;
  readonly #events: ProbeEvents;
  #failures = 0;
  #began = 0;
  #timer: NodeJS.Timeout | undefined;
  #run = 0;

  /** @throws Error when the probe is not httpGet, or names a port that the container does not declare */
  constructor(probe: Probe, container: ContainerSpec, podIP: string, events: ProbeEvents) {
    if (!probe.httpGet) throw new Error(`container ${container.name}: only httpGet probes are supported`);
    const { port, path = '/' } = probe.httpGet;
    const number = typeof port === 'number' ? port : container.ports?.find(({ name }) => name === port)?.containerPort;
    if (number === undefined) throw new Error(`container ${container.name} has no port named ${port}`);
    this.#target = { host: podIP, port: number, path, timeout: (probe.timeoutSeconds ?? 1) * 1000 };
    this.#periodMs = (probe.periodSeconds ?? 10) * 1000;
    this.#threshold = probe.failureThreshold ?? 3;
    this.#events = events;
  }

  /** Starts with no results: a restarted container keeps none of its earlier run. @param passing the result before the first probe */
  start(passing = false, delayMs = 0): void {
    this.stop();
    this.passing = passing;
    this.#began = performance.now();
    const run = this.#run;
    this.#timer = setTimeout(() => void this.#loop(run), delayMs);
  }

  stop(): void {
    this.#run += 1;
    this.passing = false;
    this.#failures = 0;
    clearTimeout(this.#timer);
  }

  async #loop(run: number): Promise<void> {
    const passed = await this.#ask();
    if (run !== this.#run) return;
    this.#failures = passed ? 0 : this.#failures + 1;
    const passing = passed || (this.passing && this.#failures < this.#threshold);
    const tooLong = performance.now() - this.#began >= this.#threshold * this.#periodMs;
    const failed = !passing && (this.passing || tooLong);
    this.#timer = setTimeout(() => void this.#loop(run), passing ? this.#periodMs : Math.min(this.#periodMs, EAGER_MS));
    if (passing !== this.passing) {
      this.passing = passing;
      this.#events.changed();
    }
    if (failed) this.#events.failed?.();
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
