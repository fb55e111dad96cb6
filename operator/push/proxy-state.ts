import type { PushAnswer, Rejected, StatusAnswer, UnhealthyEndpoint, Version } from '../../proxy/snapshot/types.ts';
import type { ProxyTarget } from '../translate/types.ts';
import { backOff, type BackOffLimits } from '../util/backoff.ts';
import type { ProxyReport } from './proxy-report.ts';
import type { Stamp } from './versioned-snapshot.ts';

/** Milliseconds. */
export interface PushTiming {
  readonly retry: BackOffLimits;
  /** Between questions for the status, ±20%. */
  readonly statusInterval: number;
  /**
   * From the first acknowledgement to the first question, so that health is known soon after a start; also between questions
   * while a proxy rejects a listener, which it may get bound at any moment without a push.
   */
  readonly firstStatus: number;
}

export const PUSH_TIMING: PushTiming = { retry: { base: 100, max: 10_000 }, statusInterval: 30_000, firstStatus: 2_000 };

/** What is to be done for a proxy; `wait` in milliseconds, without end where nothing is due. */
export type Step = { readonly kind: 'push' | 'status' } | { readonly kind: 'wait'; readonly ms: number };

/** What a proxy must have acknowledged beside a content. */
export interface Terms {
  readonly epoch: number;
  readonly trustedKeys: readonly string[];
}

interface Acked extends Version {
  readonly digest: string;
  /** Name of the content, see Wish. */
  readonly key: string;
  /** Of the proxy, as it was signed; empty: not known. */
  readonly zone: string;
  readonly trustedKeys: readonly string[];
  readonly generations: ReadonlyMap<string, number>;
  readonly uids: ReadonlyMap<string, string> | undefined;
}

const NOTHING: ReadonlySet<string> = new Set();

/** What is known of one proxy, and how that changes. No I/O: time (monotonic ms) and chance are arguments. */
export class ProxyState {
  target: ProxyTarget;
  /** Changes when address or container do, or leading ends: what was in flight then says nothing about what comes. */
  life = 0;
  /** Digests of the parts that the proxy is believed to have. */
  has: ReadonlySet<string> = NOTHING;
  /** Lowest sequence of the current epoch that the proxy may be sent: that of the last push, whether or not it arrived. */
  floor = 1;
  /** Seconds that the proxy's clock is ahead, as far as a refusal told. */
  skew = 0;
  readonly #timing: PushTiming;
  #acked: Acked | undefined;
  #rejected: readonly Rejected[] = [];
  #unhealthy: readonly UnhealthyEndpoint[] | undefined;
  #error: string | undefined;
  #failures = 0;
  #missedInARow = 0;
  #notBefore = 0;
  /** Name of the content that the last failure was about. */
  #refusedKey: string | undefined;
  #nextStatus = 0;
  /** Keys whose tokens it is known to take: acknowledged, or told when asked. */
  #trusts: readonly string[] = [];

  constructor(target: ProxyTarget, timing: PushTiming) {
    this.target = target;
    this.#timing = timing;
  }

  get failing(): boolean {
    return this.#failures > 0;
  }

  /** Whether the proxy acknowledged this content, under whatever version. */
  holds(key: string | undefined): boolean {
    return this.#acked !== undefined && this.#acked.key === key;
  }

  /** Whether it is known to take tokens of this key. */
  trusts(publicKey: string): boolean {
    return this.#trusts.includes(publicKey);
  }

  /** It refused a token: what it was thought to trust it may have forgotten. */
  distrust(): void {
    this.#trusts = [];
  }

  /** What to do now, for a proxy that should have the content `key` on these terms. */
  step(key: string | undefined, terms: Terms, now: number): Step {
    if (key === undefined) return { kind: 'wait', ms: Infinity };
    // What was wrong with one content says nothing about another.
    const hopeful = this.#refusedKey !== undefined && this.#refusedKey !== key;
    if (now < this.#notBefore && !hopeful) return { kind: 'wait', ms: this.#notBefore - now };
    if (!this.holds(key) || !this.#agrees(terms)) return { kind: 'push' };
    return now < this.#nextStatus ? { kind: 'wait', ms: this.#nextStatus - now } : { kind: 'status' };
  }

  /**
   * Takes the newest facts about the pod. A new address or container is tried at once, with nothing acknowledged. Another zone is
   * told with a push of what the proxy has, which so stays acknowledged.
   */
  retarget(target: ProxyTarget): void {
    const same = target.address === this.target.address && target.container === this.target.container;
    this.target = target;
    if (same) return;
    this.life++;
    this.#acked = undefined;
    this.#trusts = [];
    this.#unhealthy = undefined;
    this.#failures = 0;
    this.#notBefore = 0;
  }

  /** Leading has ended: whoever leads now may change all of it, so that nothing is known when we lead again. Delays stay. */
  forget(): void {
    this.life++;
    this.#acked = undefined;
    this.#trusts = [];
    this.#rejected = [];
    this.#unhealthy = undefined;
    this.#error = undefined;
    this.skew = 0;
  }

  /** A new epoch: every sequence may be used again. Delays stay, so that a proxy that lies can not set the pace. */
  newEpoch(): void {
    this.floor = 1;
  }

  /**
   * The answer 200; false when it acknowledges something else, or another pod speaks.
   *
   * @param zone that was signed: the proxy may be known to be in another one by now
   */
  acknowledge(stamp: Stamp, answer: PushAnswer, now: number, zone = ''): boolean {
    const { epoch, sequence, digest } = answer.applied;
    const { version, content, key, trustedKeys } = stamp;
    if (answer.pod !== this.target.uid) return false;
    if (epoch !== version.epoch || sequence !== version.sequence || digest !== stamp.digest) return false;
    const { firstStatus } = this.#timing;
    if (this.#unhealthy === undefined) this.#nextStatus = now + firstStatus;
    else if (answer.rejected.length > 0) this.#nextStatus = Math.min(this.#nextStatus, now + firstStatus);
    this.#acked = { ...version, digest, key, zone, trustedKeys, generations: content.generations, uids: content.uids };
    this.#trusts = trustedKeys;
    this.has = new Set(content.pools.map((pool) => pool.digest));
    this.#rejected = answer.rejected;
    this.#succeeded();
    return true;
  }

  /**
   * The answer 424. True: send again at once; false: it was told before, so everything is sent, after a delay. What the push
   * carried was not kept, so nothing is added to what the proxy has.
   */
  lacks(digests: readonly string[]): boolean {
    const missing = new Set(digests);
    const again = this.#missedInARow++ === 0;
    this.has = again ? new Set([...this.has].filter((digest) => !missing.has(digest))) : NOTHING;
    return again;
  }

  /** The answer to a question; false when another pod speaks. What drifted is no longer acknowledged, so it is pushed. */
  heard(answer: StatusAnswer, now: number, random: () => number): boolean {
    if (answer.pod !== this.target.uid) return false;
    const { applied } = answer;
    const drifted = applied?.digest !== this.#acked?.digest;
    if (drifted) this.#acked = undefined;
    if (drifted && applied === undefined) this.has = NOTHING;
    this.#trusts = answer.trustedKeys;
    this.#rejected = answer.rejected;
    this.#unhealthy = answer.unhealthy;
    const { firstStatus, statusInterval } = this.#timing;
    this.#nextStatus = now + (answer.rejected.length > 0 ? firstStatus : statusInterval) * (0.8 + 0.4 * random());
    this.#succeeded();
    return true;
  }

  /**
   * Something went wrong; the next try waits between half of and the whole back-off. Where it was about the content `key`,
   * another content does not wait.
   */
  fail(error: string, now: number, random: () => number, key?: string): void {
    this.#error = error;
    this.#refusedKey = key;
    this.#failures++;
    this.#notBefore = now + backOff(this.#failures, this.#timing.retry, random);
  }

  /** @param uids of the policies in the content `key`: of equal contents, one may hold a policy that was made anew under its name */
  report(key: string | undefined, uids?: ReadonlyMap<string, string>): ProxyReport {
    const rest = { current: this.holds(key), rejected: this.#rejected, unhealthy: this.#unhealthy };
    const error = this.#error === undefined ? {} : { error: this.#error };
    if (this.#acked === undefined) return { ...rest, ...error };
    const { epoch, sequence, digest, generations } = this.#acked;
    const known = (this.holds(key) && uids) || this.#acked.uids;
    return { ...rest, ...error, acked: { epoch, sequence, digest, generations, ...(known && { uids: known }) } };
  }

  /** Equal as long as the report says the same. */
  fingerprint(key: string | undefined): string {
    const { acked, ...rest } = this.report(key);
    return JSON.stringify([acked?.epoch, acked?.sequence, acked?.digest, rest]);
  }

  #agrees({ epoch, trustedKeys }: Terms): boolean {
    const { zone = '' } = this.target;
    return this.#acked?.epoch === epoch && this.#acked.zone === zone && this.#acked.trustedKeys.join() === trustedKeys.join();
  }

  #succeeded(): void {
    this.#failures = 0;
    this.#missedInARow = 0;
    this.#error = undefined;
    this.skew = 0;
  }
}
