import type { Listener, PoolPart, Rejected, UnhealthyEndpoint, Version } from '../snapshot/types.ts';

/** A snapshot that was verified, validated and whose every pool is at hand. */
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
   * Puts a snapshot in force in one step. Never throws for what a document can contain: what this proxy can not do (a port in
   * use) is told by `rejected` and everything else is in force when the promise settles. Calls never overlap.
   *
   * @param zone of this proxy, as the operator signed it, beside the document; empty: not known
   */
  apply(snapshot: ResolvedSnapshot, zone: string): Promise<void>;
  /** What this proxy can not do of the snapshot in force, at this moment: a port may come free. */
  rejected(): readonly Rejected[];
  /** Endpoints that are not healthy at this moment, with evidence. */
  unhealthy(): readonly UnhealthyEndpoint[];
}
