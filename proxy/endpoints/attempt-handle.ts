import type { Balancer, Handle } from '../balance/balancer.ts';
import type { EndpointState } from './endpoint-state.ts';

/** How an attempt ended, as far as balancing is concerned. `unknown`: the client left first. */
export type AttemptResult = 'ok' | 'failed' | 'unknown';

/**
 * Why an attempt goes to an ejected endpoint, which is readmitted if it answers. `due`: the ejection time is over; one request at a
 * time. `last`: the ejection time is not over, but everything else was tried.
 */
export type ProbationKind = 'due' | 'last';

/** One attempt in progress. */
export interface AttemptHandle {
  readonly endpoint: EndpointState;
  /** The balancer that the attempt began on: an update may replace it before the attempt ends. */
  readonly balancer: Balancer;
  readonly handle: Handle;
  readonly probation: ProbationKind | undefined;
}
