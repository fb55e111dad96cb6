/** The state of one request between the steps of the pipeline, and each step. Made once its route is known. */
import { clientHead, FAILURE_REPLIES, fallbackReply, redirectReply } from './client-response.ts';
import type { EndpointAttempt } from './endpoint-attempt.ts';
import { EndpointSelection } from './endpoint-selection.ts';
import { pause, waitForCapacity } from './pending-queue.ts';
import type { RequestTools } from './request-record.ts';
import type { RouteState } from './route-state.ts';
import type { Answer, Attempt, AttemptSpec, Failure } from '../message/attempt.ts';
import type { End, Exchange } from '../message/exchange.ts';
import { LOCAL_REPLIES } from '../message/local-replies.ts';
import type { LocalReason, LocalReply } from '../message/local-replies.ts';
import type { RequestHead } from '../message/request-head.ts';
import { decideRetry, isIdempotent } from '../resilience/retry.ts';
import type { RetryDecision } from '../resilience/retry.ts';
import { filterHead, redirectLocation } from '../route/filters.ts';
import type { RouteMatch } from '../route/route-table.ts';
import type { RequestRedirect } from '../snapshot/types.ts';

/** Status for logs and metrics only, as in nginx: the client left before it received one. */
const CLIENT_GONE = 499;

export class RoutedRequest {
  /** The head for the backend. */
  readonly head: RequestHead;
  /** Time limits of every try. */
  readonly spec: AttemptSpec;
  /** The route's redirect, which is sent instead of asking a backend; undefined: none. */
  readonly redirect: RequestRedirect | undefined;
  #x: Exchange;
  #d: RequestTools;
  #route: RouteState;
  #match: RouteMatch<RouteState>;
  #selection: EndpointSelection;
  /** The last try. */
  #attempt: EndpointAttempt | undefined;
  #tries = 0;
  #triesHere = 0;
  #endpointsTried = 1;
  /** The route's circuit breaker has admitted it. */
  #admitted = false;
  #overflowed = false;
  #usedFallback = false;
  /** What the last try came to. */
  #last: Answer | Failure | undefined;

  constructor(x: Exchange, match: RouteMatch<RouteState>, d: RequestTools) {
    const { value: route, prefix } = match;
    const { retry, timeouts } = route.route;
    this.#x = x;
    this.#d = d;
    this.#route = route;
    this.#match = match;
    route.metrics.begin();
    route.budget?.deposit(x.started);
    this.#selection = new EndpointSelection(route, x, d.random);
    this.spec = timeouts.request > 0 ? { ...route.spec, deadline: x.started + timeouts.request } : route.spec;
    if (x.body && retry.attempts + retry.sameEndpoint > 0) x.body.hold(retry.bufferLimit);
    this.redirect = route.filters?.redirect;
    this.head = route.filters ? filterHead(route.filters, x.request, prefix) : x.request;
  }

  sendRedirect(redirect: RequestRedirect): Promise<void> {
    const location = redirectLocation(redirect, this.#x.request, this.#match.prefix);
    return this.#reply(redirectReply(redirect.statusCode, location, this.#route.filters?.response));
  }

  /** The next try, which begins on the endpoint that was picked; undefined where there is none, or not now. */
  pick(): EndpointAttempt | undefined {
    const { circuitBreaker } = this.#route;
    if (this.#x.gone || !(this.#admitted || circuitBreaker.hasCapacity)) return undefined;
    const attempt = this.#startAttempt();
    if (attempt && !this.#admitted) {
      this.#admitted = true;
      circuitBreaker.acquire();
    }
    return attempt;
  }

  #startAttempt(): EndpointAttempt | undefined {
    const selection = this.#selection;
    const attempt = selection.begin(this.#d.now());
    if (!attempt) return undefined;
    if (selection.usesFallback && !this.#usedFallback) this.#route.metrics.fallback();
    this.#usedFallback = selection.usesFallback;
    this.#attempt = attempt;
    this.#tries++;
    this.#triesHere++;
    return attempt;
  }

  /** Whether another request must end first. */
  get saturated(): boolean {
    if (this.#x.gone) return false;
    return (!this.#admitted && !this.#route.circuitBreaker.hasCapacity) || this.#selection.saturated;
  }

  /** Like `pick`, after waiting in the queue; undefined: the wait ended without an endpoint. */
  async wait(): Promise<EndpointAttempt | undefined> {
    const { circuitBreaker, route, metrics } = this.#route;
    const timeout = Math.min(route.timeouts.connect, this.spec.deadline - this.#d.now());
    let attempt: EndpointAttempt | undefined;
    metrics.pending(1);
    const waited = await waitForCapacity(circuitBreaker, this.#x, timeout, {
      admitted: this.#admitted,
      needsSpecificEndpoint: this.#selection.needsSpecificEndpoint,
      tryStart: () => (attempt = this.#startAttempt()) !== undefined,
    });
    metrics.pending(-1);
    if (waited === 'served') this.#admitted = true;
    else if (waited !== 'client-gone') {
      this.#overflowed = true;
      metrics.overflow();
    }
    return attempt;
  }

  /** Records the outcome of the try: the head, or the failure. */
  classify(attempt: EndpointAttempt, answer: Answer | Failure): void {
    const now = this.#d.now();
    const { metrics } = this.#route;
    this.#last = answer;
    attempt.answered(now);
    if (answer.ok) {
      const { status, protocol } = answer.head;
      attempt.endpoint.metrics.attempt(status >= 500 ? '5xx' : 'ok', attempt.headMs);
      metrics.firstByte(now - this.#x.started);
      if (answer.connectMs !== undefined) metrics.connected(answer.connectMs);
      // A response is a success once it is whole; but the head decides a probation request, and a tunnel may last for hours.
      if (status >= 500 || protocol !== undefined || attempt.probation) attempt.record(status, now);
    } else {
      attempt.endpoint.metrics.attempt(answer.kind);
      attempt.record(answer.kind, now);
      attempt.end(answer.kind === 'client-gone' ? 'unknown' : 'failed', now);
    }
  }

  /** Whether, where and when another try is made. */
  decide(attempt: EndpointAttempt, answer: Answer | Failure): RetryDecision {
    // Fast path: nearly every request ends here.
    if (answer.ok && answer.head.status < 400) return { again: false };
    const { route, budget, metrics } = this.#route;
    const selection = this.#selection;
    const onProbation = attempt.probation === 'due';
    const decision = decideRetry(
      route.retry,
      {
        attempts: this.#tries,
        attemptsHere: this.#triesHere,
        endpointsTried: this.#endpointsTried,
        idempotent: isIdempotent(this.head.method),
        replayable: this.#x.body?.replayable ?? true,
        sameEndpointUsable: selection.sameEndpointUsable(attempt),
        anotherUntried: selection.anotherUntried(attempt),
        onProbation,
        random: this.#d.random,
      },
      answer.ok ? answer.head : answer,
    );
    const now = this.#d.now();
    if (!decision.again || now + decision.afterMs >= this.spec.deadline) return { again: false };
    // A try of which nothing was sent costs no budget; nor does a probation request, which the proxy chose to make.
    if (!onProbation && (answer.ok || answer.sent !== 'none') && budget?.withdraw(now) === false) {
      metrics.budgetExhausted();
      return { again: false };
    }
    return decision;
  }

  /** Another try will be made after this one. */
  again(attempt: EndpointAttempt, answer: Answer | Failure, decision: RetryDecision & { again: true }): void {
    this.#route.metrics.retry(decision.reason);
    this.#x.body?.suspend();
    if (answer.ok) attempt.end('failed', this.#d.now());
    this.#selection.again(attempt, decision.where);
    this.#route.circuitBreaker.admitNext();
    if (decision.where === 'same') return;
    this.#endpointsTried++;
    this.#triesHere = 0;
  }

  pause(ms: number): Promise<void> {
    return pause(this.#x, ms);
  }

  /** The response of this try goes to the client. */
  async commit(attempt: EndpointAttempt, { head }: Answer, upstream: Attempt): Promise<void> {
    if (this.#x.gone) {
      upstream.discard();
      attempt.end('unknown', this.#d.now());
      return this.#recordGone();
    }
    const { status } = head;
    const selection = this.#selection;
    if (status < 500) selection.renewSession(attempt);
    const end = await upstream.commit(clientHead(head, this.#route.filters?.response, selection.cookies));
    attempt.committed(head, end, this.#d.now());
    this.#record(status, undefined, end);
  }

  /** No further try: replies according to the outcome of the last one. */
  giveUp(): Promise<void> {
    const last = this.#last;
    const failed = last?.ok === false ? last.kind : undefined;
    if (this.#x.gone || failed === 'client-gone') return this.#recordGone();
    if (failed !== undefined && failed !== 'connect') return this.#reply(FAILURE_REPLIES[failed]);
    if (this.#overflowed)
      return this.#reply(this.#d.now() < this.spec.deadline ? LOCAL_REPLIES.saturated : LOCAL_REPLIES.timeout);
    const { metrics, route, filters } = this.#route;
    if (!last) metrics.noEndpoint();
    const failure = last ? LOCAL_REPLIES.connectFailed : LOCAL_REPLIES.noEndpoint;
    const fallback = fallbackReply(route.fallback, failure, filters?.response);
    if (fallback) metrics.fallback();
    return this.#reply(fallback ?? failure);
  }

  async #reply(reply: LocalReply): Promise<void> {
    const end = await this.#x.reply(reply);
    this.#record(reply.status, reply.reason, end);
  }

  /** The client left, or was refused, before a response could begin. */
  async #recordGone(): Promise<void> {
    const refused = await this.#x.refusal;
    this.#record(CLIENT_GONE, undefined, refused ?? { how: 'client-gone', bytesIn: this.#x.body?.bytes ?? 0, bytesOut: 0 });
  }

  #record(intended: number, because: LocalReason | undefined, ended: End): void {
    const end = ended.how === 'client-gone' && this.#x.drained ? { ...ended, how: 'drained' as const } : ended;
    const { status, reason } = end.instead ?? { status: intended, reason: because };
    const durationMs = this.#d.now() - this.#x.started;
    if (this.#admitted) this.#route.circuitBreaker.release();
    this.#route.metrics.done(status, reason, end, durationMs);
    this.#d.record({
      exchange: this.#x,
      route: this.#route,
      status,
      reason,
      matched: this.#match.matched,
      endpoint: this.#attempt?.endpoint,
      tries: this.#tries,
      upstreamMs: this.#attempt?.headMs,
      end,
      durationMs,
    });
  }
}
