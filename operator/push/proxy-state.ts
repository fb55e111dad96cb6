import { isDeepStrictEqual } from 'node:util';
import { isSameLocation, UNKNOWN_LOCATION } from '../../proxy/snapshot/location.ts';
import type { Location } from '../../proxy/snapshot/location.ts';
import type { PushAnswer, Rejected, StatusAnswer, UnhealthyEndpoint, Version } from '../../proxy/snapshot/types.ts';
import type { ProxyTarget } from '../translate/types.ts';
import { backOff, type BackOffLimits } from '../util/backoff.ts';
import type { ProxyReport } from './proxy-report.ts';
import type { VersionedSnapshot } from './versioned-snapshot.ts';

/** In milliseconds. */
export interface PushTiming {
  readonly retry: BackOffLimits;
  /** Between status queries, ±20%. */
  readonly statusInterval: number;
  /**
   * From the first acknowledgement to the first status query, so that health is known soon after a start. Also between queries
   * while a proxy rejects a listener, since the proxy may succeed in binding it at any moment, without a push.
   */
  readonly firstStatus: number;
}

export const PUSH_TIMING: PushTiming = { retry: { base: 100, max: 10_000 }, statusInterval: 30_000, firstStatus: 2_000 };

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
const NOTHING_REJECTED: readonly Rejected[] = [];

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
  readonly #timing: PushTiming;
  #acked: Acked | undefined;
  #rejected = NOTHING_REJECTED;
  #unhealthy: readonly UnhealthyEndpoint[] | undefined;
  #error: string | undefined;
  #failures = 0;
  #missedInARow = 0;
  #notBefore = 0;
  /** Key of the content that the last failure was about. */
  #refusedKey: string | undefined;
  #nextStatus = 0;
  /** Keys whose tokens it is known to accept: acknowledged, or reported in its status. */
  #trusts: readonly string[] = [];

  constructor(target: ProxyTarget, timing: PushTiming) {
    this.target = target;
    this.#timing = timing;
  }

  get failing(): boolean {
    return this.#failures > 0;
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

  /** What to do now, for a proxy that must have the content `key` under these requirements. */
  nextStep(key: string | undefined, requirements: Requirements, now: number): NextStep {
    if (key === undefined) return { kind: 'wait', ms: Infinity };
    // A refusal of one content says nothing about another.
    const otherContent = this.#refusedKey !== undefined && this.#refusedKey !== key;
    if (now < this.#notBefore && !otherContent) return { kind: 'wait', ms: this.#notBefore - now };
    if (!this.hasContent(key) || !this.#meets(requirements)) return { kind: 'push' };
    return now < this.#nextStatus ? { kind: 'wait', ms: this.#nextStatus - now } : { kind: 'status' };
  }

  /**
   * Updates the pod. A new address or container is pushed to at once, and has acknowledged nothing. A new location is sent with a
   * push of the content that the proxy has, which stays acknowledged meanwhile.
   */
  retarget(target: ProxyTarget): void {
    const same = target.address === this.target.address && target.container === this.target.container;
    this.target = target;
    if (same) return;
    this.generation++;
    this.#acked = undefined;
    this.#trusts = [];
    this.#unhealthy = undefined;
    this.#failures = 0;
    this.#notBefore = 0;
  }

  /** The term has ended: the next leader may change everything, so nothing is known when this process leads again. Delays stay. */
  forget(): void {
    this.generation++;
    this.#acked = undefined;
    this.#trusts = [];
    this.#rejected = NOTHING_REJECTED;
    this.#unhealthy = undefined;
    this.#error = undefined;
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
    const { firstStatus } = this.#timing;
    if (this.#unhealthy === undefined) this.#nextStatus = now + firstStatus;
    else if (answer.rejected.length > 0) this.#nextStatus = Math.min(this.#nextStatus, now + firstStatus);
    this.#acked = { ...version, digest, key, location, trustedKeys, generations: content.generations, uids: content.uids };
    this.#trusts = trustedKeys;
    this.knownParts = new Set(content.pools.map((pool) => pool.digest));
    this.#rejected = sameIfEqual(this.#rejected, answer.rejected);
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

  /** The answer to a status query. False when it comes from another pod. Content that differs counts as not acknowledged, and is pushed. */
  applyStatus(answer: StatusAnswer, now: number, random: () => number): boolean {
    if (answer.pod !== this.target.uid) return false;
    const { applied } = answer;
    const drifted = applied?.digest !== this.#acked?.digest;
    if (drifted) this.#acked = undefined;
    if (drifted && applied === undefined) this.knownParts = NOTHING;
    this.#trusts = answer.trustedKeys;
    this.#rejected = sameIfEqual(this.#rejected, answer.rejected);
    this.#unhealthy = sameIfEqual(this.#unhealthy, answer.unhealthy);
    const { firstStatus, statusInterval } = this.#timing;
    this.#nextStatus = now + (answer.rejected.length > 0 ? firstStatus : statusInterval) * (0.8 + 0.4 * random());
    this.#succeeded();
    return true;
  }

  /**
   * A push or query failed: the next one waits. Where the failure was about the content `key`, a push of another content does not
   * wait.
   */
  fail(error: string, now: number, random: () => number, key?: string): void {
    this.#error = error;
    this.#refusedKey = key;
    this.#failures++;
    this.#notBefore = now + backOff(this.#failures, this.#timing.retry, random);
  }

  /** @param uids of the policies in the content `key`: equal contents may differ in the UID of a policy that was recreated */
  report(key: string | undefined, uids?: ReadonlyMap<string, string>): ProxyReport {
    const rest = { current: this.hasContent(key), rejected: this.#rejected, unhealthy: this.#unhealthy, degraded: undefined };
    const error = this.#error === undefined ? {} : { error: this.#error };
    if (this.#acked === undefined) return { ...rest, ...error };
    const { epoch, sequence, digest, generations } = this.#acked;
    const known = (this.hasContent(key) && uids) || this.#acked.uids;
    return { ...rest, ...error, acked: { epoch, sequence, digest, generations, ...(known && { uids: known }) } };
  }

  #meets({ epoch, trustedKeys }: Requirements): boolean {
    const { location = UNKNOWN_LOCATION } = this.target;
    return (
      this.#acked?.epoch === epoch &&
      isSameLocation(this.#acked.location, location) &&
      this.#acked.trustedKeys.join() === trustedKeys.join()
    );
  }

  #succeeded(): void {
    this.#failures = 0;
    this.#missedInARow = 0;
    this.#error = undefined;
    this.skew = 0;
  }
}

/** `after`; `before` itself where they are equal, so that who compares by identity sees no change. */
function sameIfEqual<T>(before: readonly T[] | undefined, after: readonly T[]): readonly T[] {
  return before !== undefined && isDeepStrictEqual(before, after) ? before : after;
}
