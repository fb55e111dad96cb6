import type { EndpointHints } from '../snapshot/types.ts';
import type { Hash } from './hash.ts';

/**
 * The interface of every balancing strategy. PURE: clock and random source are arguments, no I/O.
 *
 * A balancer addresses endpoints by their index in the list of the last update. It does not know why an endpoint is not usable
 * (health, ejection, draining, limits): `setUsable` says whether it is. Weight 0 takes no new requests in every strategy.
 */
export interface Balancer {
  /**
   * Replaces the list of endpoints. Compared by id: an endpoint that stays keeps its state (requests in flight, current weight), at
   * whatever index; new ones are usable. A handle begun before an update may end after it.
   */
  update(view: EndpointViews, now: number): void;
  /**
   * Continues work that an update left for later (tables), about `budget` elementary operations of some nanoseconds. True: nothing
   * is left. Picks are valid at any time, but a table is used only when it is complete. Absent if updates leave nothing.
   */
  step?(budget: number): boolean;
  /**
   * Adds endpoint `i` to the pick set or removes it. `stickyEligible`: whether requests that belong to it may still go there,
   * because it is draining but healthy; only strategies that remember where keys belong use it.
   */
  setUsable(i: number, on: boolean, stickyEligible?: boolean): void;
  /** Index of a usable endpoint with weight > 0 that is not in `tried`; -1 if there is none. Always terminates. */
  pick(c: PickContext): number;
  /** A request begins on endpoint `i`; `hash` as given to `pick`. */
  begin(i: number, hash?: Hash): Handle;
  /**
   * A request ends. `ok` undefined: the client left first. `headMs`: milliseconds until the response head, or until failure. Call
   * exactly once per handle.
   */
  end(h: Handle, ok: boolean | undefined, headMs: number, now: number): void;
}

export type EndpointViews = readonly EndpointView[];

export interface EndpointView {
  readonly id: string;
  /** Values that are not finite or not above 0 count as 0. */
  readonly weight: number;
  /** The name that hashing uses, which outlives the endpoint; the id unless given. */
  readonly hashKey?: string;
  /** `active` unless given. `filling`: new, and not yet known to work. */
  readonly state?: 'active' | 'draining' | 'filling';
  /** Absent or empty: not known. */
  readonly zone?: string;
  /** The proxies that should prefer it. */
  readonly hints?: EndpointHints | undefined;
}

export interface PickContext {
  /** Indexes that this request has tried; few. */
  readonly tried: readonly number[];
  /** Milliseconds on a monotonic clock. */
  readonly now: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Hash of the request's key; undefined: no key, or the strategy does not hash. */
  readonly hash?: Hash | undefined;
}

/** Opaque; identifies the endpoint across updates. */
export type Handle = object;
