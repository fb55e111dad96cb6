import type { PushAnswer, StatusAnswer } from '../../proxy/snapshot/types.ts';

/** In milliseconds. */
export interface StatusTiming {
  /** Between plain questions, ±20%: a proxy that cannot wait for news is polled. */
  readonly statusInterval: number;
  /**
   * From the first acknowledgement of a proxy that cannot wait to its first question, so that health is known soon after a start.
   * Also between questions while it rejects a listener, since it may succeed in binding it at any moment, without a push.
   */
  readonly firstStatus: number;
  /**
   * From an answer with news to the next question, ±20%, however much there is to tell; from the first acknowledgement of a proxy that
   * can wait to its first question; and from a question that waited in vain to a plain one.
   */
  readonly newsPause: number;
}

/** What a question for the status is asked with, and what its answer is judged by. */
export interface Question {
  /** Of the proxy, when it was asked. */
  readonly generation: number;
  /** Pushes that had been acknowledged by then. */
  readonly acknowledgements: number;
  /** Absent: a plain question. */
  readonly waits?: WaitingQuestion;
}

export interface WaitingQuestion {
  /** The revision after which there must be news. */
  readonly after: string;
  /** Monotonic milliseconds. */
  readonly askedAt: number;
}

/** When one proxy is asked for its status: plainly, or by a question that waits for news. No I/O. */
export class StatusSchedule {
  readonly #timing: StatusTiming;
  /** Of the last answer; undefined where the next question is a plain one. */
  #revision: string | undefined;
  /** Before it, no question is asked. */
  #next = 0;

  constructor(timing: StatusTiming) {
    this.#timing = timing;
  }

  /** A waiting question that is asked now; undefined where only a plain one may be asked. */
  question(now: number): WaitingQuestion | undefined {
    return this.#revision === undefined ? undefined : { after: this.#revision, askedAt: now };
  }

  /** Another process may answer from now on, or this process no longer asks. */
  forget(): void {
    this.#revision = undefined;
  }

  /** A push was acknowledged. `first`: the status is not known. An answer with `degraded` is from a proxy that can wait. */
  acknowledged({ rejected, degraded }: PushAnswer, first: boolean, now: number): void {
    const { firstStatus, newsPause } = this.#timing;
    if (first) this.#next = now + (degraded ? newsPause : firstStatus);
    else if (rejected.length > 0) this.#next = Math.min(this.#next, now + firstStatus);
  }

  /** An answer counts. `question`: absent, if it was a plain one. */
  answered({ revision, rejected }: StatusAnswer, question: WaitingQuestion | undefined, now: number, random: () => number): void {
    this.#revision = revision;
    const { firstStatus, statusInterval } = this.#timing;
    if (revision === undefined) this.#next = now + around(rejected.length > 0 ? firstStatus : statusInterval, random);
    else if (question === undefined || revision !== question.after) this.pause(now, random);
    else {
      // An answer without news must have taken long. And proxies that were asked in the same moment do not stay in step.
      this.pause(question.askedAt, random);
      this.#next = Math.max(this.#next, now + (this.#timing.newsPause / 2) * random());
    }
  }

  /** A question that waited was not answered as it must be: the next one is plain, and whatever is wrong shows in its outcome. */
  unanswered(now: number, random: () => number): void {
    this.#revision = undefined;
    this.pause(now, random);
  }

  /** The next question comes a pause after this moment. */
  pause(now: number, random: () => number): void {
    this.#next = now + around(this.#timing.newsPause, random);
  }

  /**
   * Milliseconds until a plain question is due; Infinity while the proxy can wait.
   *
   * @param failing the last exchange failed, so that the error must be confirmed or end, whatever the proxy can do
   */
  untilPlain(now: number, failing: boolean): number {
    return this.#revision === undefined || failing ? Math.max(0, this.#next - now) : Infinity;
  }

  /** Milliseconds until a waiting question is due; Infinity where none may be asked. */
  untilWaiting(now: number): number {
    return this.#revision === undefined ? Infinity : Math.max(0, this.#next - now);
  }
}

function around(ms: number, random: () => number): number {
  return ms * (0.8 + 0.4 * random());
}
