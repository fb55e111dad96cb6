/** What one request remembers between the steps of the pipeline, and how each step is done. */
import { Choice } from './endpoint-selection.ts';
import { FAILED, NO_ENDPOINT, OVERFLOW } from '../message/local-replies.ts';
import type { RequestDeps } from './request-record.ts';
import type { Attempt, AttemptSpec, End, Exchange, Failure, Head, LocalReason, LocalReply } from '../message/exchange.ts';
import type { PoolEndpoint } from '../endpoints/endpoint-state.ts';
import type { Outcome } from '../endpoints/endpoint-set-types.ts';
import { decide, isIdempotent } from '../resilience/retry.ts';
import type { Decision } from '../resilience/retry.ts';
import type { RouteMetrics } from '../metrics/request-metrics.ts';
import type { RouteState } from './route-state.ts';
import { pause, waitInLine } from './pending-queue.ts';
import { changesOf, redirectLocation } from '../route/filters.ts';
import type { Filters } from '../route/filters.ts';
import type { Fallback, RequestRedirect } from '../snapshot/types.ts';

/** For logs and metrics only, as nginx has it: nobody is there to read a status. */
const CLIENT_GONE = 499;
const SWITCHED_TO_TUNNEL = 101;

export class Request<X extends Exchange> {
  #x: X;
  #d: RequestDeps;
  #route: RouteState | undefined;
  #choice: Choice | undefined;
  #endpoint: PoolEndpoint | undefined;
  #tries = 0;
  #triesHere = 0;
  #endpointsTried = 1;
  /** It was let in at the route's gate. */
  #inside = false;
  #overflown = false;
  #fellBack = false;
  #spec: AttemptSpec | undefined;
  #begun = 0;
  #headMs = 0;
  #last: Head | Failure | undefined;

  constructor(x: X, d: RequestDeps) {
    this.#x = x;
    this.#d = d;
  }

  /** Limits of every try. */
  get spec(): AttemptSpec {
    return this.#spec as AttemptSpec;
  }

  enter(route: RouteState): void {
    const x = this.#x;
    const { retry, timeouts } = route.route;
    this.#route = route;
    route.metrics.begin();
    route.budget?.earn(x.started);
    this.#choice = new Choice(route, x, this.#d.random);
    this.#spec = timeouts.request > 0 ? { ...route.spec, deadline: x.started + timeouts.request } : route.spec;
    if (x.hasBody && retry.attempts + retry.sameEndpoint > 0) x.holdBody(retry.bufferLimit);
  }

  /** @param prefix that the request was matched by. */
  filter(filters: Filters, prefix: string): void {
    this.#x.change(changesOf(filters, this.#x.facts, prefix));
  }

  redirect(redirect: RequestRedirect, prefix: string): Promise<void> {
    return this.#redirect(redirect.statusCode, redirectLocation(redirect, this.#x.facts, prefix));
  }

  async #redirect(status: number, location: string): Promise<void> {
    this.#record(status, undefined, await this.#x.redirect(status, location));
  }

  /** The endpoint of the next try, which begins; undefined where there is none, or not now. */
  pick(): PoolEndpoint | undefined {
    const { gate } = this.#route as RouteState;
    if (this.#x.gone || !(this.#inside || gate.open)) return undefined;
    const endpoint = this.#begin();
    if (endpoint && !this.#inside) {
      this.#inside = true;
      gate.enter();
    }
    return endpoint;
  }

  #begin(): PoolEndpoint | undefined {
    const choice = this.#choice as Choice;
    const now = this.#d.now();
    const endpoint = choice.next(now);
    if (!endpoint) return undefined;
    if (choice.fellBack && !this.#fellBack) (this.#route as RouteState).metrics.fallback();
    this.#fellBack = choice.fellBack;
    this.#endpoint = endpoint;
    this.#tries++;
    this.#triesHere++;
    choice.begin();
    this.#begun = now;
    return endpoint;
  }

  /** Whether another request has to end first. */
  get busy(): boolean {
    if (this.#x.gone) return false;
    return (!this.#inside && !(this.#route as RouteState).gate.open) || this.#choice?.busy === true;
  }

  /** As `pick`, once it is this request's turn; undefined when it did not come. */
  async wait(): Promise<PoolEndpoint | undefined> {
    const { gate, route, metrics } = this.#route as RouteState;
    const patience = Math.min(route.timeouts.connect, this.spec.deadline - this.#d.now());
    let endpoint: PoolEndpoint | undefined;
    const attempt = () => (endpoint = this.#begin()) !== undefined;
    metrics.pending(1);
    const waited = await waitInLine(gate, this.#x, patience, {
      inside: this.#inside,
      picky: this.#choice?.picky === true,
      attempt,
    });
    metrics.pending(-1);
    if (waited === 'served') this.#inside = true;
    else if (waited !== 'gone') {
      this.#overflown = true;
      metrics.overflow();
    }
    return endpoint;
  }

  /** What the head, or its absence, says about the endpoint. */
  classify(head: Head | Failure): void {
    const now = this.#d.now();
    const { metrics } = this.#route as RouteState;
    const endpoint = this.#endpoint as PoolEndpoint;
    const choice = this.#choice as Choice;
    this.#last = head;
    this.#headMs = now - this.#begun;
    if (head.ok) {
      endpoint.metrics.attempt(head.status >= 500 ? '5xx' : 'ok', this.#headMs);
      metrics.firstByte(now - this.#x.started);
      if (head.connectMs !== undefined) metrics.connected(head.connectMs);
      // An answer counts as good once it is whole; but a trial has done its duty, and a tunnel may last for hours.
      if (head.status >= 500 || head.status === SWITCHED_TO_TUNNEL || choice.trial) choice.saw(head.status, now);
    } else {
      endpoint.metrics.attempt(head.kind);
      choice.saw(head.kind, now);
      this.#end(head.kind === 'client-gone' ? 'unknown' : 'failed');
    }
  }

  decide(): Decision {
    const last = this.#last as Head | Failure;
    // Nearly every request ends here.
    if (last.ok && last.status < 400) return { again: false };
    const { route, budget, metrics } = this.#route as RouteState;
    const { retry } = route;
    const choice = this.#choice as Choice;
    const decision = decide(
      retry,
      {
        tries: this.#tries,
        triesHere: this.#triesHere,
        endpointsTried: this.#endpointsTried,
        idempotent: isIdempotent(this.#x.facts.method),
        replayable: this.#x.replayable(),
        hereUsable: choice.hereUsable(),
        anotherUntried: choice.anotherUntried(),
        onTrial: choice.trial === 'due',
        random: this.#d.random,
      },
      last,
    );
    const now = this.#d.now();
    if (!decision.again || now + decision.afterMs >= this.spec.deadline) return { again: false };
    // Where nothing was sent, nothing was asked of a backend; and a trial was not the client's idea.
    if (choice.trial !== 'due' && (last.ok || last.sent !== 'none') && budget?.spend(now) === false) {
      metrics.budgetExhausted();
      return { again: false };
    }
    return decision;
  }

  /** Another try will be made. */
  again(decision: Decision & { again: true }): void {
    (this.#route as RouteState).metrics.retry(decision.reason);
    if (this.#last?.ok === true) this.#end('failed');
    (this.#choice as Choice).again(decision.where);
    (this.#route as RouteState).gate.callNext();
    if (decision.where === 'same') return;
    this.#endpointsTried++;
    this.#triesHere = 0;
  }

  pause(ms: number): Promise<void> {
    return pause(this.#x, ms);
  }

  async commit(attempt: Attempt): Promise<void> {
    const { status } = this.#last as Head;
    const choice = this.#choice as Choice;
    if (status < 500) choice.settle(this.#x);
    const end = await attempt.commit();
    // That a tunnel began was the answer: how it ends says nothing about its endpoint.
    if (status === SWITCHED_TO_TUNNEL) this.#end('ok');
    if (status < 500 && end.how === 'whole') choice.saw(status, this.#d.now());
    if (end.how === 'upstream-broke') choice.saw('broken', this.#d.now());
    this.#end(end.how === 'client-gone' ? 'unknown' : end.how === 'whole' && status < 500 ? 'ok' : 'failed');
    this.#record(status, undefined, end);
  }

  /** No further try: the answer is made from what the last one came to. */
  giveUp(): Promise<void> {
    const last = this.#last;
    if (this.#x.gone) return this.#recordGone();
    if (last && !last.ok && last.kind !== 'connect')
      return last.kind === 'client-gone' ? this.#recordGone() : this.answer(FAILED[last.kind]);
    if (this.#overflown) return this.answer(this.#d.now() < this.spec.deadline ? OVERFLOW : FAILED.timeout);
    const { metrics, route } = this.#route as RouteState;
    if (!last) metrics.noEndpoint();
    return this.#fallBack(route.fallback, last ? FAILED.connect : NO_ENDPOINT, metrics);
  }

  /** None of the backends can be used. */
  async #fallBack(fallback: Fallback | undefined, otherwise: LocalReply, metrics: RouteMetrics): Promise<void> {
    if (fallback === undefined || fallback.type === 'Backend') return this.answer(otherwise);
    metrics.fallback();
    const { reason } = otherwise;
    if (fallback.type === 'Redirect') return this.#redirect(fallback.statusCode, fallback.url);
    const { statusCode: status, contentType, body: text } = fallback;
    return this.answer({ status, reason, contentType, text });
  }

  async answer(reply: LocalReply): Promise<void> {
    const end = await this.#x.reply(reply);
    this.#record(reply.status, reply.reason, end);
  }

  #recordGone(): Promise<void> {
    this.#record(CLIENT_GONE, undefined, { how: 'client-gone', bytesIn: 0, bytesOut: 0 });
    return Promise.resolve();
  }

  #end(outcome: Outcome): void {
    (this.#choice as Choice).end(outcome, this.#headMs, this.#d.now());
  }

  #record(status: number, reason: LocalReason | undefined, end: End): void {
    const durationMs = this.#d.now() - this.#x.started;
    if (this.#inside) this.#route?.gate.leave();
    this.#route?.metrics.done(status, reason, end, durationMs);
    this.#d.record({
      exchange: this.#x,
      route: this.#route,
      status,
      reason,
      endpoint: this.#endpoint,
      tries: this.#tries,
      end,
      durationMs,
    });
  }
}
