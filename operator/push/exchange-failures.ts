import { backOff, type BackOffLimits } from '../util/backoff.ts';

/** The failures in a row of the exchanges with one proxy, and how long they delay the next one. No I/O. */
export class ExchangeFailures {
  readonly #limits: BackOffLimits;
  #count = 0;
  #error: string | undefined;
  #notBefore = 0;
  /** Key of the content that the last failure was about. */
  #refusedKey: string | undefined;

  constructor(limits: BackOffLimits) {
    this.#limits = limits;
  }

  /** Whether the last exchange failed. */
  get any(): boolean {
    return this.#count > 0;
  }

  /** Why; for people. */
  get error(): string | undefined {
    return this.#error;
  }

  /** `key`: of the content that the proxy refused. A refusal of one content says nothing about another. */
  add(error: string, now: number, random: () => number, key: string | undefined): void {
    this.#error = error;
    this.#refusedKey = key;
    this.#count++;
    this.#notBefore = now + backOff(this.#count, this.#limits, random);
  }

  /** Milliseconds for which an exchange about the content `key` still waits. */
  delay(key: string, now: number): number {
    const otherContent = this.#refusedKey !== undefined && this.#refusedKey !== key;
    return otherContent ? 0 : Math.max(0, this.#notBefore - now);
  }

  /** An exchange succeeded. */
  end(): void {
    this.#count = 0;
    this.#error = undefined;
  }

  /** Another process is at the address: it is not made to wait. */
  forgive(): void {
    this.#count = 0;
    this.#notBefore = 0;
  }

  /** The error is no longer of interest; delays stay. */
  forgetError(): void {
    this.#error = undefined;
  }
}
