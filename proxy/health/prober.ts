import { canonicalJson } from '../snapshot/canonical.ts';
import type { ActiveCheck } from '../snapshot/types.ts';
import { EndpointCheck, type OnChange, type OnResult, type ProbeTarget } from './endpoint-check.ts';
import { runProbe } from './probe.ts';
import { firstDelay, nextDelay } from './probe-schedule.ts';
import { TcpProbe } from './tcp-probe.ts';

export type { OnChange, ProbeTarget } from './endpoint-check.ts';

/** Concurrent probes over all endpoints; others wait. */
const MAX_CONCURRENT = 256;

/** Time-out of a single connection probe, ms. */
const CONNECT_MS = 1000;

/** Result of one probe of one endpoint, whatever the number of watchers. */
export interface ProbeReport {
  /** Endpoint id. */
  readonly id: string;
  readonly type: ActiveCheck['type'];
  readonly ok: boolean;
  readonly detail: string;
}

export interface ProberOptions {
  /** Called for every probe, before its watchers. */
  readonly onResult?: (report: ProbeReport) => void;
  /** Uniform in [0, 1); for jitter. */
  readonly random?: () => number;
  readonly maxConcurrent?: number;
}

export interface Watch {
  readonly healthy: boolean;
  /** Whether a probe has had a result. */
  readonly checked: boolean;
  /** What the last probe found that agrees with `healthy`; empty before the first. */
  readonly detail: string;
  /** Ends this watch; probing ends with the last watch. May be called several times. */
  stop(): void;
}

/**
 * Active health checks. One probe per endpoint and check however many policies watch it, at jittered intervals, never two at once
 * for one endpoint. Timers and sockets do not keep the process alive.
 */
export class Prober {
  readonly #onResult: (report: ProbeReport) => void;
  readonly #random: () => number;
  readonly #maxConcurrent: number;
  readonly #checks = new Map<string, EndpointCheck>();
  /** Due checks, in order, that wait for the concurrency limit. */
  readonly #waiting = new Set<EndpointCheck>();
  /** Single connection probes in progress. */
  readonly #connectionProbes = new Set<AbortController>();
  #running = 0;
  #unstarted = 0;

  constructor({ onResult, random, maxConcurrent }: ProberOptions = {}) {
    this.#onResult = onResult ?? (() => {});
    this.#random = random ?? Math.random;
    this.#maxConcurrent = maxConcurrent ?? MAX_CONCURRENT;
  }

  /**
   * Watches one endpoint. A second watcher of the same endpoint and check starts with the present state. To keep that state when an
   * endpoint set is replaced, start the new watch before stopping the old one.
   * @param onResult called after every probe, changed or not: a pass ends an ejection
   */
  watch(target: ProbeTarget, check: ActiveCheck, onChange: OnChange, onResult: OnResult = () => {}): Watch {
    const key = canonicalJson([target.id, target.address, target.port, check]);
    const checked = this.#checks.get(key) ?? this.#start(key, target, check);
    const watcher = { onChange, onResult };
    checked.watchers.add(watcher);
    return {
      get healthy() {
        return checked.healthy;
      },
      get checked() {
        return checked.checked;
      },
      get detail() {
        return checked.detail;
      },
      stop: () => {
        if (checked.watchers.delete(watcher) && checked.watchers.size === 0) this.#stop(key, checked);
      },
    };
  }

  /** Probes once whether the endpoint accepts a connection, whatever its checks. `answer` is not called after `close`. */
  probeConnection(target: ProbeTarget, answer: (ok: boolean) => void): void {
    const stop = new AbortController();
    this.#connectionProbes.add(stop);
    void runProbe(new TcpProbe(target.address, target.port), CONNECT_MS, stop).then(({ ok }) => {
      if (this.#connectionProbes.delete(stop)) answer(ok);
    });
  }

  /** Ends every watch; leaves no timer and no socket. */
  close(): void {
    for (const [key, checked] of this.#checks) this.#stop(key, checked);
    for (const stop of this.#connectionProbes) {
      this.#connectionProbes.delete(stop);
      stop.abort();
    }
  }

  #start(key: string, target: ProbeTarget, check: ActiveCheck): EndpointCheck {
    const checked = new EndpointCheck(target, check);
    this.#checks.set(key, checked);
    this.#unstarted++;
    this.#schedule(checked, firstDelay(check.interval, this.#unstarted - 1, this.#random));
    return checked;
  }

  #stop(key: string, checked: EndpointCheck): void {
    this.#checks.delete(key);
    this.#waiting.delete(checked);
    if (checked.started === 0) this.#unstarted--;
    checked.watchers.clear();
    checked.stop();
  }

  #schedule(checked: EndpointCheck, ms: number): void {
    checked.timer = setTimeout(() => this.#due(checked), ms);
    checked.timer.unref();
  }

  #due(checked: EndpointCheck): void {
    if (this.#running < this.#maxConcurrent) void this.#run(checked);
    else this.#waiting.add(checked);
  }

  async #run(checked: EndpointCheck): Promise<void> {
    if (checked.started === 0) this.#unstarted--;
    this.#running++;
    const started = performance.now();
    const result = await checked.run();
    this.#running--;
    this.#next();
    if (checked.stopped) return;
    const period = nextDelay(checked.check.interval, checked.started, this.#random);
    this.#schedule(checked, Math.max(0, started + period - performance.now()));
    this.#onResult({ id: checked.target.id, type: checked.check.type, ...result });
    checked.record(result);
  }

  #next(): void {
    for (const checked of this.#waiting) {
      this.#waiting.delete(checked);
      void this.#run(checked);
      return;
    }
  }
}
