import { isSameLocation, UNKNOWN_LOCATION } from '../../proxy/snapshot/location.ts';
import type { Location } from '../../proxy/snapshot/location.ts';
import type { PushAnswer, StatusAnswer, Version } from '../../proxy/snapshot/types.ts';
import type { ProxyTarget, SnapshotContent } from '../translate/types.ts';
import type { BackOffLimits } from '../util/backoff.ts';
import { ExchangeFailures } from './exchange-failures.ts';
import type { ProxyReport } from './proxy-report.ts';
import { ReportedLists } from './reported-lists.ts';
import { StatusSchedule, type Question, type StatusTiming, type WaitingQuestion } from './status-schedule.ts';
import type { VersionedSnapshot } from './versioned-snapshot.ts';

/** In milliseconds. */
export interface PushTiming extends StatusTiming {
  readonly retry: BackOffLimits;
}

export const PUSH_TIMING: PushTiming = {
  retry: { base: 100, max: 10_000 },
  statusInterval: 30_000,
  firstStatus: 2_000,
  newsPause: 1_000,
};

/** What to do for a proxy. `ms`: milliseconds, Infinity where nothing is due. */
export type NextStep = { readonly kind: 'push' | 'status' } | { readonly kind: 'wait'; readonly ms: number };

/** What a proxy must have acknowledged beside its content. */
export interface Requirements {
  readonly epoch: number;
  readonly trustedKeys: readonly string[];
}

interface Acked extends Version {
  readonly digest: string;
  /** See DesiredContent. */
  readonly key: string;
  /** Of the proxy, in the token of the push. */
  readonly location: Location;
  readonly trustedKeys: readonly string[];
  readonly generations: ReadonlyMap<string, number>;
  readonly uids: ReadonlyMap<string, string> | undefined;
}

const NOTHING: ReadonlySet<string> = new Set();

/** What is known of one proxy, and how it changes. No I/O: time (monotonic ms) and random numbers are arguments. */
export class ProxyState {
  target: ProxyTarget;
  /** Increases when the address or container changes, or the term ends: answers to earlier requests do not count any more. */
  generation = 0;
  /** Digests of the parts that the proxy is believed to have. */
  knownParts: ReadonlySet<string> = NOTHING;
  /** Lowest sequence of the current epoch for the next push: that of the last push, whether or not it arrived. */
  minSequence = 1;
  /** Seconds by which the proxy's clock is ahead, from its last refusal of a token. */
  skew = 0;
  readonly #failures: ExchangeFailures;
  readonly #schedule: StatusSchedule;
  readonly #lists = new ReportedLists();
  #acked: Acked | undefined;
  #acknowledgements = 0;
  #missedInARow = 0;
  /** Keys whose tokens it is known to accept: acknowledged, or reported in its status. */
  #trusts: readonly string[] = [];

  constructor(target: ProxyTarget, timing: PushTiming) {
    this.target = target;
    this.#failures = new ExchangeFailures(timing.retry);
    this.#schedule = new StatusSchedule(timing);
  }

  get failing(): boolean {
    return this.#failures.any;
  }

  /** Whether the proxy acknowledged this content, under whatever version. */
  hasContent(key: string | undefined): boolean {
    return this.#acked !== undefined && this.#acked.key === key;
  }

  /** Whether it is known to accept tokens of this key. */
  trusts(publicKey: string): boolean {
    return this.#trusts.includes(publicKey);
  }

  /** It refused a token: it may have lost the keys that it was known to trust. */
  forgetTrust(): void {
    this.#trusts = [];
  }

  /** What to push or ask plainly now, for a proxy that must have the content `key` under these requirements. */
  nextStep(key: string | undefined, requirements: Requirements, now: number): NextStep {
    if (key === undefined) return { kind: 'wait', ms: Infinity };
    const delay = this.#failures.delay(key, now);
    if (delay > 0) return { kind: 'wait', ms: delay };
    if (!this.hasContent(key) || !this.#meets(requirements)) return { kind: 'push' };
    const ms = this.#schedule.untilPlain(now, this.failing);
    return ms > 0 ? { kind: 'wait', ms } : { kind: 'status' };
  }

  /** Milliseconds until a question that waits for news is due, beside pushes; Infinity where none may be asked. */
  untilQuestion(now: number): number {
    return this.#schedule.untilWaiting(now);
  }

  /** A plain question that is asked now. */
  question(): Question {
    return { generation: this.generation, acknowledgements: this.#acknowledgements };
  }

  /** A question that is asked now and waits for news; undefined where none may be asked. */
  waitingQuestion(now: number): (Question & { readonly waits: WaitingQuestion }) | undefined {
    const waits = this.#schedule.question(now);
    return waits && { ...this.question(), waits };
  }

  /**
   * Updates the pod. A new address or container is pushed to at once, and has acknowledged nothing. A new location is sent with a
   * push of the content that the proxy has, which stays acknowledged meanwhile.
   *
   * @returns whether answers to earlier requests still count
   */
  retarget(target: ProxyTarget): boolean {
    const same = target.address === this.target.address && target.container === this.target.container;
    this.target = target;
    if (same) return true;
    this.#startOver();
    this.#lists.forgetHealth();
    this.#failures.forgive();
    return false;
  }

  /** The term has ended: the next leader may change everything, so nothing is known when this process leads again. Delays stay. */
  forget(): void {
    this.#startOver();
    this.#lists.forget();
    this.#failures.forgetError();
    this.skew = 0;
  }

  /** A new epoch: sequences restart. Delays stay, so that a false answer cannot speed up pushes. */
  newEpoch(): void {
    this.minSequence = 1;
  }

  /**
   * The answer 200. False when it acknowledges something else, or comes from another pod.
   *
   * @param location in the token of the push: another one may be known by now
   */
  acknowledge(snapshot: VersionedSnapshot, answer: PushAnswer, now: number, location = UNKNOWN_LOCATION): boolean {
    const { epoch, sequence, digest } = answer.applied;
    const { version, content, key, trustedKeys } = snapshot;
    if (answer.pod !== this.target.uid) return false;
    if (epoch !== version.epoch || sequence !== version.sequence || digest !== snapshot.digest) return false;
    this.#schedule.acknowledged(answer, this.#lists.unhealthy === undefined, now);
    this.#acknowledgements++;
    this.#lists.acknowledged(answer, this.#acked, content);
    this.#acked = { ...version, digest, key, location, trustedKeys, generations: content.generations, uids: content.uids };
    this.#trusts = trustedKeys;
    this.knownParts = new Set(content.pools.map((pool) => pool.digest));
    this.#succeeded();
    return true;
  }

  /**
   * The answer 424. True: send again at once. False: it is the second in a row, so everything is sent, after a delay. The proxy kept
   * nothing of the push, so `knownParts` does not grow.
   */
  reportMissing(digests: readonly string[]): boolean {
    const missing = new Set(digests);
    const again = this.#missedInARow++ === 0;
    this.knownParts = again ? new Set([...this.knownParts].filter((digest) => !missing.has(digest))) : NOTHING;
    return again;
  }

  /**
   * The answer to a question, of which no push is in flight. False when it comes from another pod. Content that differs counts as not
   * acknowledged, and is pushed. An answer from before the last acknowledgement changes nothing; the next question is told the rest,
   * because it names the revision that is known.
   */
  applyStatus(answer: StatusAnswer, now: number, random: () => number, question = this.question()): boolean {
    if (answer.pod !== this.target.uid) return false;
    if (this.#isOutdated(answer, question)) {
      this.#schedule.pause(now, random);
      return true;
    }
    const { applied } = answer;
    const drifted = applied?.digest !== this.#acked?.digest;
    if (drifted) this.#acked = undefined;
    if (drifted && applied === undefined) this.knownParts = NOTHING;
    this.#trusts = answer.trustedKeys;
    this.#lists.update(answer);
    this.#schedule.answered(answer, question.waits, now, random);
    // Beside pushes, an answer says nothing about whether they succeed.
    if (question.waits === undefined) this.#succeeded();
    return true;
  }

  /** A question that waited for news failed. Pushes do not wait for that, and only the plain question that follows can be an error. */
  questionFailed(now: number, random: () => number): void {
    this.#schedule.unanswered(now, random);
  }

  /**
   * A push or query failed: the next one waits. Where the failure was about the content `key`, a push of another content does not
   * wait.
   */
  fail(error: string, now: number, random: () => number, key?: string): void {
    this.#failures.add(error, now, random, key);
  }

  /**
   * @param content `key`: equal contents may differ in the UID of a policy that was recreated, and in the generation of one that only
   *   monitors. A proxy that has the one has the other, too, and is not pushed to
   */
  report(key: string | undefined, content?: Pick<SnapshotContent, 'generations' | 'uids'>): ProxyReport {
    const { rejected, unhealthy, degraded } = this.#lists;
    const { error } = this.#failures;
    const rest = { current: this.hasContent(key), rejected, unhealthy, degraded, ...(error !== undefined && { error }) };
    if (this.#acked === undefined) return rest;
    const { epoch, sequence, digest } = this.#acked;
    const { generations, uids = this.#acked.uids } = (this.hasContent(key) && content) || this.#acked;
    return { ...rest, acked: { epoch, sequence, digest, generations, ...(uids && { uids }) } };
  }

  #meets({ epoch, trustedKeys }: Requirements): boolean {
    const { location = UNKNOWN_LOCATION } = this.target;
    return (
      this.#acked?.epoch === epoch &&
      isSameLocation(this.#acked.location, location) &&
      this.#acked.trustedKeys.join() === trustedKeys.join()
    );
  }

  /** Whether the answer was made before a push that was acknowledged while it was on its way. */
  #isOutdated({ applied }: StatusAnswer, { acknowledgements }: Question): boolean {
    if (acknowledgements === this.#acknowledgements || this.#acked === undefined) return false;
    return applied === undefined || isBefore(applied, this.#acked);
  }

  /** What was asked before does not count any more, and nothing is acknowledged. */
  #startOver(): void {
    this.generation++;
    this.#acked = undefined;
    this.#trusts = [];
    this.#schedule.forget();
  }

  #succeeded(): void {
    this.#failures.end();
    this.#missedInARow = 0;
    this.skew = 0;
  }
}

function isBefore(a: Version, b: Version): boolean {
  return a.epoch < b.epoch || (a.epoch === b.epoch && a.sequence < b.sequence);
}
