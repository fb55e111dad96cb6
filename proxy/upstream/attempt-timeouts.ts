/**
 * The time limits of one try, for every protocol.
 *
 * | limit | from | to |
 * | --- | --- | --- |
 * | `timeouts.connect` | the start of the connect | the connection is open |
 * | `perTryTimeout` | the later of "connected" and "request sent" | the response head |
 * | `deadline` | the start of the request | the end of the response; of a tunnel, its head |
 *
 * `timeouts.idle` is in idle-timeout.ts.
 */
import type { AttemptSpec } from '../message/attempt.ts';

export type TimeLimit = 'connect' | 'per-try' | 'deadline';

export interface TimeLimitListener {
  onTimeLimit(limit: TimeLimit): void;
}

export class AttemptTimeouts {
  #spec: AttemptSpec;
  #listener: TimeLimitListener;
  /** Connect, later per-try: never both. */
  #timer: NodeJS.Timeout | undefined;
  #deadline: NodeJS.Timeout | undefined;

  /** @param now monotonic milliseconds. */
  constructor(spec: AttemptSpec, now: () => number, listener: TimeLimitListener) {
    this.#spec = spec;
    this.#listener = listener;
    if (spec.deadline !== Infinity) this.#deadline = this.#start('deadline', Math.max(0, spec.deadline - now()));
  }

  connecting(): void {
    this.#timer = this.#start('connect', this.#spec.timeouts.connect);
  }

  connected(): void {
    clearTimeout(this.#timer);
  }

  /** Connected, and the whole request was sent. */
  requestSent(): void {
    const { perTryTimeout } = this.#spec;
    if (perTryTimeout > 0) this.#timer = this.#start('per-try', perTryTimeout);
  }

  headReceived(): void {
    clearTimeout(this.#timer);
  }

  /** The try has ended. */
  stop(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#deadline);
  }

  #start(limit: TimeLimit, ms: number): NodeJS.Timeout {
    return setTimeout(() => this.#listener.onTimeLimit(limit), ms);
  }
}
