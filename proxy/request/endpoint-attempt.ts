/** One try of a request on one endpoint, as balancing and health see it. */
import type { AttemptHandle, AttemptResult, ProbationKind } from '../endpoints/attempt-handle.ts';
import type { EndpointSet } from '../endpoints/endpoint-set.ts';
import type { EndpointState } from '../endpoints/endpoint-state.ts';
import type { Hash } from '../balance/hash.ts';
import type { End } from '../message/exchange.ts';
import type { ResponseHead } from '../message/response-head.ts';
import type { Outcome } from '../health/outlier-state.ts';

/** An endpoint that was selected for a try. */
export interface SelectedEndpoint {
  readonly set: EndpointSet;
  readonly endpoint: EndpointState;
  /** Set where the endpoint is ejected: why it is tried all the same. */
  readonly probation: ProbationKind | undefined;
}

export class EndpointAttempt implements SelectedEndpoint {
  readonly set: EndpointSet;
  readonly endpoint: EndpointState;
  readonly probation: ProbationKind | undefined;
  /** Milliseconds until the response head, or until the failure. */
  headMs = 0;
  #started: number;
  /** Undefined once the try has ended. */
  #handle: AttemptHandle | undefined;

  /** @param hash of the request's key; undefined: it has none. @param now monotonic milliseconds. */
  constructor({ set, endpoint, probation }: SelectedEndpoint, hash: Hash | undefined, now: number) {
    this.set = set;
    this.endpoint = endpoint;
    this.probation = probation;
    this.#started = now;
    // A probation request does not show which endpoint its key belongs to.
    this.#handle = set.begin(endpoint, probation ? undefined : hash, probation);
  }

  /** The head has come, or the try has failed. */
  answered(now: number): void {
    this.headMs = now - this.#started;
  }

  /** Records an outcome for the endpoint's health, as soon as it is known. Does nothing once the try has ended. */
  record(outcome: Outcome, now: number): void {
    if (this.#handle) this.set.health.record(this.#handle, outcome, now);
  }

  /** The response that was committed is over. `end`: how, as the client saw it. */
  committed({ status, protocol }: ResponseHead, end: End, now: number): void {
    // The opened tunnel was a success: how it ends is not recorded for its endpoint.
    if (protocol !== undefined) return this.end('ok', now);
    // The client received something else because this response could not be forwarded.
    if (end.instead) this.record('protocol', now);
    else if (end.how === 'upstream-broke') this.record('broken', now);
    else if (status < 500 && end.how === 'whole') this.record(status, now);
    this.end(resultOf(status, end), now);
  }

  /** Ends the try, unless it has ended; before another endpoint is selected. See `EndpointSet.end`. */
  end(result: AttemptResult, now: number): void {
    if (this.#handle) this.set.end(this.#handle, result, this.headMs, now);
    this.#handle = undefined;
  }
}

/** What a committed response says about its endpoint, for balancing. */
function resultOf(status: number, { how, instead }: End): AttemptResult {
  if (instead) return 'failed';
  if (how === 'client-gone') return 'unknown';
  return how === 'whole' && status < 500 ? 'ok' : 'failed';
}
