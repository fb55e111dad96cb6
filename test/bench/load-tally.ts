import type { NoResponse, RequestOutcome } from './http-client.ts';
import { percentile } from './stats.ts';

/** Why a request failed. `unsent`: no connection was idle in time (constant rate only). */
export type FailureKind = NoResponse | 'status' | 'unsent';

/** Results of the requests of one run; every request is counted once, as answered, failed or broken. */
export interface LoadReport {
  /** From the first request to the end of the last. */
  readonly seconds: number;
  /** Complete responses with a status below 500. */
  readonly answered: number;
  /** No connection, closed before the head, no complete response within 10 s, malformed, or a status of 500 or more. */
  readonly failed: number;
  /** The connection was closed after the head and before the end of the body. */
  readonly broken: number;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly byFailure: Readonly<Partial<Record<FailureKind, number>>>;
  /** Of answered requests, from their start (connecting included) to the last byte. */
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** Descriptions of the first few that failed or broke. */
  readonly samples: readonly string[];
}

const MAX_SAMPLES = 10;

/** What a process did while the load was steady. */
export interface WatchedReport extends LoadReport {
  /** CPU seconds that the watched process used; absent: none was watched. */
  readonly cpuSeconds?: number;
}

/** Counts results during a run. */
export class LoadTally {
  #byStatus: Record<string, number> = {};
  readonly #byFailure: Partial<Record<FailureKind, number>> = {};
  #latencies: number[] = [];
  readonly #samples: string[] = [];
  #startedAt = performance.now();
  #failed = 0;
  #broken = 0;

  recordAnswer(status: number, ms: number): void {
    this.#byStatus[status] = (this.#byStatus[status] ?? 0) + 1;
    this.#latencies.push(ms);
  }

  /** Records anything but an expected response; a status that is complete counts as a failure here. */
  recordOutcome(target: string, outcome: RequestOutcome): void {
    if (outcome.kind === 'failed') this.recordFailure(outcome.why, target, outcome.detail);
    else if (outcome.kind === 'broken' && outcome.status < 500) this.#recordBroken(target, outcome.detail);
    else this.recordFailure('status', target, String(outcome.status));
  }

  recordFailure(kind: FailureKind, target: string, detail: string): void {
    this.#failed += 1;
    this.#byFailure[kind] = (this.#byFailure[kind] ?? 0) + 1;
    this.#addSample(`failed (${kind})`, target, detail);
  }

  #recordBroken(target: string, detail: string): void {
    this.#broken += 1;
    this.#addSample('broken', target, detail);
  }

  /** Forgets the answers so far; failures count in any case. */
  restart(): void {
    this.#byStatus = {};
    this.#latencies = [];
    this.#startedAt = performance.now();
  }

  report(): LoadReport {
    const latencies = this.#latencies.length > 0 ? this.#latencies : [0];
    const of = (percent: number) => percentile(latencies, percent);
    return {
      seconds: (performance.now() - this.#startedAt) / 1000,
      answered: this.#latencies.length,
      failed: this.#failed,
      broken: this.#broken,
      byStatus: { ...this.#byStatus },
      byFailure: { ...this.#byFailure },
      latencyMs: { p50: of(50), p99: of(99), max: of(100) },
      samples: [...this.#samples],
    };
  }

  #addSample(what: string, target: string, detail: string): void {
    if (this.#samples.length >= MAX_SAMPLES) return;
    const seconds = ((performance.now() - this.#startedAt) / 1000).toFixed(3);
    this.#samples.push(`${seconds} s, ${target}: ${what}: ${detail}`);
  }
}
