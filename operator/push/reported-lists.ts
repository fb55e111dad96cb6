import { isDeepStrictEqual } from 'node:util';
import type { DegradedPolicy, PushAnswer, Rejected, StatusAnswer, UnhealthyEndpoint } from '../../proxy/snapshot/types.ts';
import { policyOf } from '../util/pool-id.ts';

/** The policies of a content, and which they are. */
interface Policies {
  readonly generations: ReadonlyMap<string, number>;
  readonly uids?: ReadonlyMap<string, string> | undefined;
}

const NOTHING_REJECTED: readonly Rejected[] = [];

/** The lists that a proxy reports. One that stays equal stays the same object, so that who compares by identity sees no change. */
export class ReportedLists {
  #rejected = NOTHING_REJECTED;
  #unhealthy: readonly UnhealthyEndpoint[] | undefined;
  #degraded: readonly DegradedPolicy[] | undefined;

  get rejected(): readonly Rejected[] {
    return this.#rejected;
  }

  /** Undefined: not known. */
  get unhealthy(): readonly UnhealthyEndpoint[] | undefined {
    return this.#unhealthy;
  }

  /** Undefined: not known, or an older proxy that does not say. */
  get degraded(): readonly DegradedPolicy[] | undefined {
    return this.#degraded;
  }

  /** The lists of a status. */
  update({ rejected, unhealthy, degraded }: StatusAnswer): void {
    this.#unhealthy = sameIfEqual(this.#unhealthy, unhealthy);
    this.#updatePolicies(rejected, degraded);
  }

  /**
   * The lists of the answer to a push, which has no `unhealthy`: what was known stays, except of policies that are others now, whose checks
   * may be others, too. An older proxy keeps that as well, since it is not asked before long.
   */
  acknowledged({ rejected, degraded }: PushAnswer, before: Policies | undefined, now: Policies): void {
    const { generations, uids } = now;
    const isOther = (policy: string): boolean =>
      before?.generations.get(policy) !== generations.get(policy) || before?.uids?.get(policy) !== uids?.get(policy);
    if (degraded && before && this.#unhealthy?.some(({ pool }) => isOther(policyOf(pool))))
      this.#unhealthy = this.#unhealthy.filter(({ pool }) => !isOther(policyOf(pool)));
    this.#updatePolicies(rejected, degraded);
  }

  #updatePolicies(rejected: readonly Rejected[], degraded: readonly DegradedPolicy[] | undefined): void {
    this.#rejected = sameIfEqual(this.#rejected, rejected);
    this.#degraded = degraded && sameIfEqual(this.#degraded, degraded);
  }

  /** The container or address is another: what is unhealthy is to be found out. */
  forgetHealth(): void {
    this.#unhealthy = undefined;
    this.#degraded = undefined;
  }

  forget(): void {
    this.forgetHealth();
    this.#rejected = NOTHING_REJECTED;
  }
}

/** `after`; `before` itself where they are equal. */
function sameIfEqual<T>(before: readonly T[] | undefined, after: readonly T[]): readonly T[] {
  return before !== undefined && isDeepStrictEqual(before, after) ? before : after;
}
