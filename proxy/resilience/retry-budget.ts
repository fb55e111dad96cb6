/** Limits retries to a share of requests, so that they cannot multiply the load on failing backends. PURE. */
import type { RetryBudgetSettings } from '../snapshot/types.ts';

/** Deposits and withdrawals expire after this long. */
const SECONDS = 10;
const SECOND_MS = 1000;

/**
 * A token bucket in which both deposits and withdrawals expire (Finagle's RetryBudget). Every first attempt deposits percent/100 of
 * a retry for ten seconds; in addition there are `minPerSecond` for each of these seconds, so that a policy with little traffic can
 * retry, too.
 */
export class RetryBudget {
  #percent = 0;
  #reserve = 0;
  /** Balance per second of the window, in hundredths of a retry: whole numbers, so that rounding errors do not add up. */
  #balance = new Float64Array(SECONDS);
  #sum = 0;
  /** The last second that was recorded, since the start of the clock. */
  #second = 0;

  /** Deposits and withdrawals stay. */
  configure({ percent, minPerSecond }: RetryBudgetSettings): void {
    this.#percent = percent;
    this.#reserve = minPerSecond * SECONDS * 100;
  }

  /** Call for the first attempt of a request. `now`: monotonic ms. */
  deposit(now: number): void {
    this.#advance(now);
    this.#add(this.#percent);
  }

  /** Withdraws one retry; false if there is none. */
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

  /** Drops the seconds that have left the window. */
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
