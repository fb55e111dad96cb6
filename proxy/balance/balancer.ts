/**
 * The seam every balancing strategy implements. PURE: clock and random source are arguments, no I/O.
 *
 * A balancer sees endpoints by index into the view of the last update. It does not know why an endpoint is unusable (health,
 * ejection, draining, limits): the pool says so through `usable`. Weight 0 takes no new work in every strategy.
 */
export interface Balancer {
  /**
   * Takes a new view. Diffed by id: an endpoint that stays keeps its state (in-flight count, current weight), wherever its index
   * moves; new ones start usable. A handle begun before an update ends correctly after it.
   */
  update(view: PoolView, now: number): void;
  /** Puts endpoint `i` in or out of the pick set. */
  usable(i: number, on: boolean): void;
  /** Index of a usable endpoint with weight > 0 that is not in `tried`; -1 when there is none. Always terminates. */
  pick(c: PickContext): number;
  /** Work begins on endpoint `i`. */
  begin(i: number): Handle;
  /** Work ends. `headMs`: milliseconds until the response head, or until failure. Call exactly once per handle. */
  end(h: Handle, ok: boolean, headMs: number, now: number): void;
}

export type PoolView = readonly EndpointView[];

export interface EndpointView {
  readonly id: string;
  /** ≥ 0, not NaN. */
  readonly weight: number;
}

export interface PickContext {
  /** Indexes tried already for this request; small. */
  readonly tried: readonly number[];
  /** Milliseconds on a monotonic clock. */
  readonly now: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** Opaque; what a strategy needs to find the endpoint again after updates. */
export type Handle = object;
