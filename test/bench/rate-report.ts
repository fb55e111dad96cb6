/** Result of a run at a constant rate: every request with its intended start, so that any window of time can be summarised. */
import type { LoadReport } from './load-tally.ts';
import { percentile } from './stats.ts';

export interface RateReport extends LoadReport {
  /** Start of the first request, unix ms. */
  readonly startedAt: number;
  /** Connections that were established. */
  readonly opened: number;
  /** Float32 pairs in base64: intended start in ms since `startedAt`, and ms from there to the last byte, or -1 for a failure. */
  readonly requests: string;
}

/** Of the requests whose intended start lies in a window. */
export interface Summary {
  readonly sent: number;
  /** Anything but a complete response 200. */
  readonly failed: number;
  /** ms from the intended start, of those that did not fail; NaN where there are none. */
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

export const FAILED = -1;

export function encode(pairs: readonly number[]): string {
  return Buffer.from(Float32Array.from(pairs).buffer).toString('base64');
}

/** Summary of the requests whose intended start is at or after `from` and before `to`, unix ms; by default of all. */
export function summarise(report: RateReport, from = 0, to = Infinity): Summary {
  const bytes = Buffer.from(report.requests, 'base64');
  const latencies: number[] = [];
  let failed = 0;
  for (let at = 0; at < bytes.length; at += 8) {
    const start = report.startedAt + bytes.readFloatLE(at);
    if (start < from || start >= to) continue;
    const latency = bytes.readFloatLE(at + 4);
    if (latency === FAILED) failed += 1;
    else latencies.push(latency);
  }
  const [p50 = NaN, p99 = NaN, p999 = NaN, max = NaN] =
    latencies.length === 0 ? [] : [50, 99, 99.9, 100].map((percent) => percentile(latencies, percent));
  return { sent: latencies.length + failed, failed, p50, p99, p999, max };
}
