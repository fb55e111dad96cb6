import type { NoAnswer, Outcome } from './http-client.ts';
import { percentile } from './stats.ts';

/** Why a request failed. `unsent`: no connection was free for it in time (constant rate only). */
export type FailureKind = NoAnswer | 'status' | 'unsent';

/** What became of the requests of one run; every request is counted once, as answered, failed or broken. */
export interface LoadReport {
  /** From the first request to the end of the last. */
  readonly seconds: number;
  /** Whole answers with a status below 500. */
  readonly answered: number;
  /** No connection, cut off before the head, no whole answer within 10 s, malformed, or a status of 500 or more. */
  readonly failed: number;
  /** Cut off after the head. */
  readonly broken: number;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly byFailure: Readonly<Partial<Record<FailureKind, number>>>;
  /** Of answered requests, from their begin (connecting included) to the last byte. */
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** The first few that failed or broke, in words. */
  readonly samples: readonly string[];
}

const MAX_SAMPLES = 10;

/** Counts while a run goes on. */
export class Tally {
  readonly #byStatus: Record<string, number> = {};
  readonly #byFailure: Partial<Record<FailureKind, number>> = {};
  readonly #latencies: number[] = [];
  readonly #samples: string[] = [];
  readonly #began = performance.now();
  #failed = 0;
  #broken = 0;

  answered(status: number, ms: number): void {
    this.#byStatus[status] = (this.#byStatus[status] ?? 0) + 1;
    this.#latencies.push(ms);
  }

  /** Anything but the wanted answer; a status counts as failure here. */
  lost(target: string, outcome: Outcome): void {
    if (outcome.kind === 'failed') this.failed(outcome.why, target, outcome.detail);
    else if (outcome.kind === 'broken' && outcome.status < 500) this.#broke(target, outcome.detail);
    else this.failed('status', target, String(outcome.status));
  }

  failed(kind: FailureKind, target: string, detail: string): void {
    this.#failed += 1;
    this.#byFailure[kind] = (this.#byFailure[kind] ?? 0) + 1;
    this.#sample(`failed (${kind})`, target, detail);
  }

  #broke(target: string, detail: string): void {
    this.#broken += 1;
    this.#sample('broken', target, detail);
  }

  report(): LoadReport {
    const latencies = this.#latencies.length > 0 ? this.#latencies : [0];
    const of = (percent: number) => percentile(latencies, percent);
    return {
      seconds: (performance.now() - this.#began) / 1000,
      answered: this.#latencies.length,
      failed: this.#failed,
      broken: this.#broken,
      byStatus: this.#byStatus,
      byFailure: this.#byFailure,
      latencyMs: { p50: of(50), p99: of(99), max: of(100) },
      samples: this.#samples,
    };
  }

  #sample(what: string, target: string, detail: string): void {
    if (this.#samples.length >= MAX_SAMPLES) return;
    const seconds = ((performance.now() - this.#began) / 1000).toFixed(3);
    this.#samples.push(`${seconds} s, ${target}: ${what}: ${detail}`);
  }
}
