/** What one request remembers between the steps of the pipeline, and how each step is done. */
import { Choice } from './choice.ts';
import type { Attempt, AttemptSpec, End, Exchange, Failure, Head, LocalReason, LocalReply } from './exchange/seam.ts';
import type { PoolEndpoint } from './pool-endpoint.ts';
import type { Outcome, Work } from './pool-seam.ts';
import { decide, isIdempotent } from './resilience/retry.ts';
import type { Decision } from './resilience/retry.ts';
import type { RouteState } from './route-state.ts';
import { changesOf, redirectLocation } from './route/filters.ts';
import type { Filters } from './route/filters.ts';
import type { RequestRedirect } from './snapshot/types.ts';

export interface RequestDeps {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly record: (r: RequestRecord) => void;
}

/** What is known of a request once it is over. */
export interface RequestRecord {
  readonly exchange: Exchange;
  readonly route: RouteState | undefined;
  /** 499: the client left before there was a status. */
  readonly status: number;
  /** Of an answer that the proxy made itself. */
  readonly reason: LocalReason | undefined;
  readonly endpoint: PoolEndpoint | undefined;
  readonly tries: number;
  readonly end: End;
  readonly durationMs: number;
}

const FAILED: Readonly<Record<Exclude<Failure['kind'], 'client-gone'>, LocalReply>> = {
  connect: { status: 503, reason: 'connect-failed', text: 'no connection to a backend could be made' },
  reset: { status: 503, reason: 'reset', text: 'the backend closed the connection before it answered' },
  timeout: { status: 504, reason: 'timeout', text: 'no backend answered in time' },
  protocol: { status: 502, reason: 'protocol', text: 'the backend sent a malformed response' },
  overflow: { status: 503, reason: 'overflow', text: 'no capacity is left' },
};
const NO_ENDPOINT: LocalReply = { status: 503, reason: 'no-endpoint', text: 'no backend can be used' };
/** For logs and metrics only, as nginx has it: nobody is there to read a status. */
const CLIENT_GONE = 499;

export class Request<X extends Exchange> {
  #x: X;
  #d: RequestDeps;
  #route: RouteState | undefined;
  #choice: Choice | undefined;
  #endpoint: PoolEndpoint | undefined;
  #tries = 0;
  #triesHere = 0;
  #endpointsTried = 1;
  #spec: AttemptSpec | undefined;
  #work: Work | undefined;
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

  async redirect(redirect: RequestRedirect, prefix: string): Promise<void> {
    const status = redirect.statusCode;
    const end = await this.#x.redirect(status, redirectLocation(redirect, this.#x.facts, prefix));
    this.#record(status, undefined, end);
  }

  pick(): PoolEndpoint | undefined {
    return this.#x.gone ? undefined : this.#choice?.next(this.#d.now());
  }

  begin(endpoint: PoolEndpoint): void {
    this.#endpoint = endpoint;
    this.#tries++;
    this.#triesHere++;
    this.#work = (this.#choice as Choice).begin();
    this.#begun = this.#d.now();
  }

  /** What the head, or its absence, says about the endpoint. */
  classify(head: Head | Failure): void {
    const now = this.#d.now();
    const { metrics } = this.#route as RouteState;
    const endpoint = this.#endpoint as PoolEndpoint;
    this.#last = head;
    this.#headMs = now - this.#begun;
    if (head.ok) {
      endpoint.metrics.attempt(head.status >= 500 ? '5xx' : 'ok');
      metrics.firstByte(now - this.#x.started);
      if (head.connectMs !== undefined) metrics.connected(head.connectMs);
    } else {
      endpoint.metrics.attempt(head.kind);
      this.#end(failureOutcome(head));
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
        random: this.#d.random,
      },
      last,
    );
    const now = this.#d.now();
    if (!decision.again || now + decision.afterMs >= this.spec.deadline) return { again: false };
    // Where nothing was sent, nothing was asked of a backend.
    if ((last.ok || last.sent !== 'none') && budget?.spend(now) === false) {
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
    if (decision.where === 'same') return;
    this.#endpointsTried++;
    this.#triesHere = 0;
  }

  /** Waits, or until the client leaves. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#x.onGone(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  async commit(attempt: Attempt): Promise<void> {
    const { status } = this.#last as Head;
    if (status < 500) (this.#choice as Choice).settle(this.#x);
    const end = await attempt.commit();
    this.#end(end.how === 'client-gone' ? 'unknown' : end.how === 'whole' && status < 500 ? 'ok' : 'failed');
    this.#record(status, undefined, end);
  }

  /** No further try: the answer is made from what the last one came to. */
  giveUp(): Promise<void> {
    const last = this.#last;
    if (last && !last.ok) return last.kind === 'client-gone' ? this.#recordGone() : this.answer(FAILED[last.kind]);
    if (this.#x.gone) return this.#recordGone();
    this.#route?.metrics.noEndpoint();
    return this.answer(NO_ENDPOINT);
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
    if (!this.#work) return;
    (this.#choice as Choice).end(this.#work, outcome, this.#headMs, this.#d.now());
    this.#work = undefined;
  }

  #record(status: number, reason: LocalReason | undefined, end: End): void {
    const durationMs = this.#d.now() - this.#x.started;
    this.#route?.metrics.done(status, end, durationMs);
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

function failureOutcome(failure: Failure): Outcome {
  if (failure.kind === 'client-gone') return 'unknown';
  return failure.kind === 'connect' ? 'connect-failure' : 'failed';
}
