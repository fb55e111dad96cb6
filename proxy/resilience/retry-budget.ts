/** Retries in proportion to requests, so that they can not multiply the load on backends that fail. PURE. */
import type { RetryBudget as Settings } from '../snapshot/types.ts';

/** What is earned and what is spent counts for this long. */
const SECONDS = 10;
const SECOND_MS = 1000;

/**
 * A token bucket in which both deposits and withdrawals expire (Finagle's RetryBudget): every first try earns percent/100 of a retry
 * for ten seconds, and there are `minPerSecond` for each of these seconds whatever the traffic, so that a quiet policy can retry, too.
 */
export class RetryBudget {
  #percent = 0;
  #reserve = 0;
  /** Per second of the window, in hundredths of a retry: whole numbers, so that no rounding piles up. */
  #balance = new Float64Array(SECONDS);
  #sum = 0;
  /** The second, since the clock's start, that was seen last. */
  #second = 0;

  /** What was earned and spent stays. */
  configure({ percent, minPerSecond }: Settings): void {
    this.#percent = percent;
    this.#reserve = minPerSecond * SECONDS * 100;
  }

  /** A request has its first try. `now`: monotonic ms. */
  deposit(now: number): void {
    this.#advance(now);
    this.#add(this.#percent);
  }

  /** Takes one retry out; false when there is none. */
  withdraw(now: number): boolean {
    this.#advance(now);
    if (this.#reserve + this.#sum < 100) return false;
    this.#add(-100);
    return true;
  }

  #add(hundredths: number): void {
    this.#balance[this.#second % SECONDS]! += hundredths;
    this.#sum += hundredths;
  }

  /** Forgets what is older than the window. */
  #advance(now: number): void {
    const second = Math.floor(now / SECOND_MS);
    const passed = Math.min(SECONDS, second - this.#second);
    if (passed <= 0) return;
    for (let n = 1; n <= passed; n++) {
      const slot = (second - passed + n) % SECONDS;
      this.#sum -= this.#balance[slot] as number;
      this.#balance[slot] = 0;
    }
    this.#second = second;
  }
}
