/** What a soak keeps: sums, so that a day takes no more memory than five minutes. */
import type { Summary } from '../bench/rate-report.ts';

export interface Sample {
  readonly megabytes: number;
  readonly sockets: number;
}

const FIFTHS = 5;

/** Samples of a process, as means of each fifth of the run. */
export class SoakSamples {
  #duration: number;
  #sums = Array.from({ length: FIFTHS }, () => ({ count: 0, megabytes: 0, sockets: 0 }));

  /** @param duration of the run, ms */
  constructor(duration: number) {
    this.#duration = duration;
  }

  /** @param elapsed ms since the start of the run */
  add(elapsed: number, { megabytes, sockets }: Sample): void {
    const sum = this.#sums[Math.min(FIFTHS - 1, Math.floor((FIFTHS * elapsed) / this.#duration))];
    if (!sum) return;
    sum.count += 1;
    sum.megabytes += megabytes;
    sum.sockets += sockets;
  }

  /** @param fifth from 0 on; NaN without a sample in it */
  mean(of: keyof Sample, fifth: number): number {
    const sum = this.#sums[fifth];
    return sum ? sum[of] / sum.count : NaN;
  }
}

/** What was done, and what clients observed. */
export class SoakTally {
  sent = 0;
  failed = 0;
  parts = 0;
  changes = 0;
  /** The part with the most failures; of those with as many, that with the highest p99. */
  worst: Summary | undefined;

  add(part: Summary): void {
    this.sent += part.sent;
    this.failed += part.failed;
    this.parts += 1;
    const { worst } = this;
    if (!worst || part.failed > worst.failed || (part.failed === worst.failed && part.p99 > worst.p99)) this.worst = part;
  }

  toString(): string {
    return `${this.sent} requests, ${this.failed} failed; ${this.changes} changes of endpoints`;
  }
}
