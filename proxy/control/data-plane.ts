import type { Location } from '../snapshot/location.ts';
import type { DegradedPolicy, Listener, PoolPart, Rejected, UnhealthyEndpoint, Version } from '../snapshot/types.ts';

/** A snapshot that is verified and validated, with the part of every pool. */
export interface ResolvedSnapshot {
  readonly version: Version;
  readonly digest: string;
  readonly trustedKeys: readonly string[];
  readonly listeners: readonly Listener[];
  readonly pools: readonly { readonly id: string; readonly digest: string; readonly part: PoolPart }[];
}

/** What the control API drives: everything that serves traffic. */
export interface DataPlane {
  /**
   * Applies a snapshot in one step. Never throws for anything a document can contain: what this proxy cannot serve (a port in use)
   * is in `rejected`, and everything else is in force when the promise settles. Calls never overlap.
   *
   * @param location of this proxy, which the operator signs beside the document
   */
  apply(snapshot: ResolvedSnapshot, location: Location): Promise<void>;
  /** What this proxy cannot serve of the snapshot in force, at this moment: a port may become free. */
  rejected(): readonly Rejected[];
  /** Endpoints that are unhealthy at this moment, with evidence. */
  unhealthy(): readonly UnhealthyEndpoint[];
  /** Policies in force whose requests are not served by endpoints that are known to be healthy; each policy once. */
  degraded(): readonly DegradedPolicy[];
  /**
   * Sets the one listener, which is called after each change of `rejected`, `unhealthy` (but for evidence alone) or `degraded` that
   * does not come from `apply`. It may also be called without a change.
   */
  onNews(listener: () => void): void;
}
