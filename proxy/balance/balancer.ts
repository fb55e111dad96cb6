import type { Hash } from './hash.ts';

/**
 * The seam every balancing strategy implements. PURE: clock and random source are arguments, no I/O.
 *
 * A balancer sees endpoints by index into the view of the last update. It does not know why an endpoint is unusable (health,
 * ejection, draining, limits): the pool says so through `setUsable`. Weight 0 takes no new work in every strategy.
 */
export interface Balancer {
  /**
   * Takes a new view. Diffed by id: an endpoint that stays keeps its state (in-flight count, current weight), wherever its index
   * moves; new ones start usable. A handle begun before an update ends correctly after it.
   */
  update(view: EndpointViews, now: number): void;
  /**
   * Goes on with work that an update left for later (tables), about `budget` elementary operations of some nanoseconds. True: there
   * is none. Picks are right at any time, but a table is in use only when it is whole. Absent where updates leave nothing.
   */
  step?(budget: number): boolean;
  /**
   * Puts endpoint `i` in or out of the pick set. `stickyEligible`: whether work that belongs there already may still go there, because it is
   * out for nothing but draining; only strategies that remember where work belongs ask for it.
   */
  setUsable(i: number, on: boolean, stickyEligible?: boolean): void;
  /** Index of a usable endpoint with weight > 0 that is not in `tried`; -1 when there is none. Always terminates. */
  pick(c: PickContext): number;
  /** Work begins on endpoint `i`; `hash` as at its pick. */
  begin(i: number, hash?: Hash): Handle;
  /**
   * Work ends. `ok` undefined: the client left first. `headMs`: milliseconds until the response head, or until failure. Call exactly
   * once per handle.
   */
  end(h: Handle, ok: boolean | undefined, headMs: number, now: number): void;
}

export type EndpointViews = readonly EndpointView[];

export interface EndpointView {
  readonly id: string;
  /** What is no finite number above 0 counts as 0. */
  readonly weight: number;
  /** What hashing places an endpoint by: a name that outlives it. The id unless given. */
  readonly hashKey?: string;
  /** `active` unless given. `filling`: new, and not known to work yet. */
  readonly state?: 'active' | 'draining' | 'filling';
  /** Absent or empty: not known. */
  readonly zone?: string;
}

export interface PickContext {
  /** Indexes tried already for this request; small. */
  readonly tried: readonly number[];
  /** Milliseconds on a monotonic clock. */
  readonly now: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Of the request's key; undefined: it has none, or the strategy wants none. */
  readonly hash?: Hash | undefined;
}

/** Opaque; what a strategy needs to find the endpoint again after updates. */
export type Handle = object;
