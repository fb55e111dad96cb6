/** Fencing token of a snapshot. Ordered by epoch, then sequence; a proxy never goes back. */
export interface Version {
  /** Leadership term, from the Lease; at least its unix seconds, > 0. */
  readonly epoch: number;
  /** Counts up within an epoch, from 1. */
  readonly sequence: number;
}
