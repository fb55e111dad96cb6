import type { Version } from '../snapshot/types.ts';

/** What the control API counts. Implemented by observe/metrics.ts. */
export interface ControlMetrics {
  /** An operator sent a request with a valid token. */
  onContact(): void;
  /** A snapshot was applied. */
  applied(version: Version): void;
  /** The snapshot in force was sent again. */
  unchanged(): void;
  rejected(reason: RejectReason): void;
}

export const REJECT_REASONS = [
  'unauthorized',
  'body-mismatch',
  'stale',
  'conflict',
  'malformed',
  'invalid',
  'missing-parts',
  'too-large',
] as const;
export type RejectReason = (typeof REJECT_REASONS)[number];
