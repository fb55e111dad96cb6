import { canonicalJson } from '../snapshot/canonical.ts';
import type { ActiveCheck } from '../snapshot/types.ts';
import { Checked, type OnChange, type OnResult, type ProbeTarget } from './endpoint-check.ts';
import { attempt } from './probe.ts';
import { firstDelay, nextDelay } from './probe-schedule.ts';
import { TcpProbe } from './tcp-probe.ts';

export type { OnChange, ProbeTarget } from './endpoint-check.ts';

/** Probes at once over all endpoints; more wait for their turn. */
const MAX_CONCURRENT = 256;

/** For a connection that is asked for once. */
const CONNECT_MS = 1000;

/** One probe of one endpoint, whatever the number of watchers. */
export interface ProbeReport {
  /** Endpoint id. */
  readonly id: string;
  readonly type: ActiveCheck['type'];
  readonly ok: boolean;
  readonly detail: string;
}

export interface ProberOptions {
  /** Called for every probe, before the watchers are. */
  readonly onResult?: (report: ProbeReport) => void;
  /** Uniform in [0, 1); for jitter. */
  readonly random?: () => number;
  readonly maxConcurrent?: number;
}

export interface Watch {
  readonly healthy: boolean;
  /** What the last probe said; empty before the first. */
  readonly detail: string;
  /** Ends this watch; with the last one the probing ends. Any number of times. */
  stop(): void;
}

/**
 * Active health checks. One probe per endpoint and check however many policies watch it, at jittered intervals, never two at
 * once for one endpoint. Nothing here keeps the process alive.
 */
export class Prober {
  readonly #onResult: (report: ProbeReport) => void;
  readonly #random: () => number;
  readonly #maxConcurrent: number;
  readonly #checked = new Map<string, Checked>();
  /** Due, in order, but over the limit. */
  readonly #waiting = new Set<Checked>();
  /** Connections that were asked for once. */
  readonly #single = new Set<AbortController>();
  #running = 0;
  #unbegun = 0;

  constructor({ onResult, random, maxConcurrent }: ProberOptions = {}) {
    this.#onResult = onResult ?? (() => {});
    this.#random = random ?? Math.random;
    this.#maxConcurrent = maxConcurrent ?? MAX_CONCURRENT;
  }

  /**
   * Watches one endpoint. A second watcher of the same endpoint and check joins with the present state. To keep that state when
   * a pool is replaced, start the new watch before stopping the old one.
   * @param onResult called after every probe, changed or not: a pass ends an ejection
   */
  watch(target: ProbeTarget, check: ActiveCheck, onChange: OnChange, onResult: OnResult = () => {}): Watch {
    const key = canonicalJson([target.id, target.address, target.port, check]);
    const checked = this.#checked.get(key) ?? this.#start(key, target, check);
    const watcher = { onChange, onResult };
    checked.watchers.add(watcher);
    return {
      get healthy() {
        return checked.healthy;
      },
      get detail() {
        return checked.detail;
      },
      stop: () => {
        if (checked.watchers.delete(watcher) && checked.watchers.size === 0) this.#stop(key, checked);
      },
    };
  }

  /** Asks once whether the endpoint accepts a connection, whatever checks it has. Not answered once closed. */
  connects(target: ProbeTarget, answer: (ok: boolean) => void): void {
    const stop = new AbortController();
    this.#single.add(stop);
    void attempt(new TcpProbe(target.address, target.port), CONNECT_MS, stop).then(({ ok }) => {
      if (this.#single.delete(stop)) answer(ok);
    });
  }

  /** Ends every watch; leaves no timer and no socket. */
  close(): void {
    for (const [key, checked] of this.#checked) this.#stop(key, checked);
    for (const stop of this.#single) {
      this.#single.delete(stop);
      stop.abort();
    }
  }

  #start(key: string, target: ProbeTarget, check: ActiveCheck): Checked {
    const checked = new Checked(target, check);
    this.#checked.set(key, checked);
    this.#unbegun++;
    this.#schedule(checked, firstDelay(check.interval, this.#unbegun - 1, this.#random));
    return checked;
  }

  #stop(key: string, checked: Checked): void {
    this.#checked.delete(key);
    this.#waiting.delete(checked);
    if (checked.begun === 0) this.#unbegun--;
    checked.watchers.clear();
    checked.stop();
  }

  #schedule(checked: Checked, ms: number): void {
    checked.timer = setTimeout(() => this.#due(checked), ms);
    checked.timer.unref();
  }

  #due(checked: Checked): void {
    if (this.#running < this.#maxConcurrent) void this.#run(checked);
    else this.#waiting.add(checked);
  }

  async #run(checked: Checked): Promise<void> {
    if (checked.begun === 0) this.#unbegun--;
    this.#running++;
    const started = performance.now();
    const result = await checked.run();
    this.#running--;
    this.#next();
    if (checked.stopped) return;
    const period = nextDelay(checked.check.interval, checked.begun, this.#random);
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
