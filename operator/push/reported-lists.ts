import { isDeepStrictEqual } from 'node:util';
import type { DegradedPolicy, Rejected, StatusAnswer, UnhealthyEndpoint } from '../../proxy/snapshot/types.ts';

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

  /** The lists of an answer. That to a push has no `unhealthy`: what was known stays. */
  update({ rejected, unhealthy, degraded }: Pick<StatusAnswer, 'rejected' | 'degraded'> & Partial<StatusAnswer>): void {
    this.#rejected = sameIfEqual(this.#rejected, rejected);
    if (unhealthy) this.#unhealthy = sameIfEqual(this.#unhealthy, unhealthy);
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
