/** Where the tries of one request go: which endpoint of which of its route's pools is next. */
import { hash64 } from '../balance/hash.ts';
import type { Hash } from '../balance/hash.ts';
import { formatCookie, keyOf, makeCookieValue } from '../balance/hash-key.ts';
import type { Exchange } from '../message/exchange.ts';
import type { Outcome } from '../health/outlier-state.ts';
import type { EndpointState } from '../endpoints/endpoint-state.ts';
import type { AttemptResult, ProbationKind, AttemptHandle } from '../endpoints/attempt-handle.ts';
import type { EndpointSet } from '../endpoints/endpoint-set.ts';
import { isIdempotent } from '../resilience/retry.ts';
import type { RouteState } from './route-state.ts';
import type { Sessions } from './sessions.ts';
import type { HashOn } from '../snapshot/types.ts';

export class Choice {
  /** Set-Cookie values that go to the client with a backend's response. */
  readonly cookies: string[] = [];
  #route: RouteState;
  #x: Exchange;
  #random: () => number;
  /** Undefined: the route has none with a weight. */
  #pool: EndpointSet | undefined;
  #endpoint: EndpointState | undefined;
  /** Of the key, where the route's strategy wants one and the request has it. */
  #hash: Hash | undefined;
  /** What the client's session cookie says. */
  #session: string | undefined;
  #tried: EndpointState[] = [];
  #stays = false;
  #begun = false;
  /** The try in progress. */
  #work: AttemptHandle | undefined;
  #trial: ProbationKind | undefined;

  constructor(route: RouteState, x: Exchange, random: () => number) {
    this.#route = route;
    this.#x = x;
    this.#random = random;
    if (route.sessions && this.#resume(route.sessions, x)) return;
    if (route.hashOn) this.#hash = this.#hashKey(route.hashOn, x);
    this.#pool = route.split(x.started, random, this.#hash) ?? route.fallbackPool;
  }

  /** The first try of a client that has a session goes where that is; nobody loses a turn by it. */
  #resume(sessions: Sessions, x: Exchange): boolean {
    this.#session = sessions.read(x.request.fields.get('cookie'));
    const place = this.#session === undefined ? undefined : sessions.find(this.#session, x.started);
    if (place === undefined) return false;
    this.#pool = place.pool;
    this.#endpoint = place.endpoint;
    this.#stays = true;
    return true;
  }

  /** A client without the cookie gets one with its response: from then on it belongs somewhere. */
  #hashKey(on: HashOn, x: Exchange): Hash | undefined {
    let key = keyOf(on, x.request, x.clientAddress);
    if (key === undefined && on.type === 'Cookie') {
      key = makeCookieValue(this.#random);
      this.cookies.push(formatCookie({ ...on, sameSite: 'Lax' }, key, isSecure(x)));
    }
    return key === undefined ? undefined : hash64(key);
  }

  /** Whether the last try was on an endpoint that is ejected, and why. */
  get trial(): ProbationKind | undefined {
    return this.#trial;
  }

  /** The endpoint of the next try; undefined when none can be used. */
  next(now: number): EndpointState | undefined {
    // It may have left during a pause.
    if (this.#stays && (this.#endpoint as EndpointState).index >= 0) return this.picky ? undefined : this.#endpoint;
    const pool = this.#pool;
    if (!pool) return undefined;
    this.#trial = !this.#begun && pool.health.isProbationDue(now) && this.#goOnTrial(pool, now) ? 'due' : undefined;
    if (this.#trial) return this.#endpoint;
    let found = pool.pick(this.#tried, now, this.#hash) ?? this.#cross(pool, now);
    if (!found && this.#route.busy) return undefined;
    if (!found && this.#tried.length > 0) {
      found = pool.health.lastResort(this.#tried);
      if (found) this.#trial = 'last';
    }
    // Everything was tried: start over with what there is.
    if (!found && this.#tried.length > 0) {
      this.#tried = [];
      found = pool.pick(this.#tried, now, this.#hash);
    }
    this.#endpoint = found;
    return found;
  }

  /**
   * Before any balancing, also where a hash places requests: an endpoint whose ejection is over gets the first request that can be
   * tried elsewhere when it fails. Any other request has the endpoint probed.
   */
  #goOnTrial(pool: EndpointSet, now: number): boolean {
    // Of a body, nobody knows yet whether it can be sent twice.
    const suited = this.#route.route.retry.attempts > 0 && isIdempotent(this.#x.request.method) && this.#x.body === undefined;
    if (!suited) {
      pool.health.probeDue(now);
      return false;
    }
    this.#endpoint = pool.health.probationCandidate(now);
    return this.#endpoint !== undefined;
  }

  /** Nothing in this pool can be used: the route's other backends are better than an error. */
  #cross(pool: EndpointSet, now: number): EndpointState | undefined {
    for (const other of this.#route.others(pool)) {
      // To be busy is not to be out.
      if (other === this.#route.fallbackPool && this.#route.busy) continue;
      const found = other.pick(this.#tried, now, this.#hash);
      if (!found) continue;
      this.#pool = other;
      return found;
    }
    return undefined;
  }

  /** A try begins on the endpoint that `next` gave. */
  begin(): void {
    this.#begun = true;
    // A trial says nothing about where its key belongs.
    const hash = this.#trial ? undefined : this.#hash;
    this.#work = (this.#pool as EndpointSet).begin(this.#endpoint as EndpointState, hash, this.#trial);
  }

  /** What the try shows of its endpoint, as soon as it does. Nothing once it has ended. */
  saw(seen: Outcome, now: number): void {
    if (this.#work) (this.#pool as EndpointSet).health.record(this.#work, seen, now);
  }

  /** The try ends, if that is not over; before `next` chooses another. See `Pool.end`. */
  end(outcome: AttemptResult, headMs: number, now: number): void {
    if (this.#work) (this.#pool as EndpointSet).end(this.#work, outcome, headMs, now);
    this.#work = undefined;
  }

  /** Whether it waits for one endpoint, and no other will do. */
  get picky(): boolean {
    return this.#stays && (this.#endpoint as EndpointState).saturated;
  }

  /** Whether another request has to end first. */
  get busy(): boolean {
    return this.picky || this.#route.busy;
  }

  /** Whether no backend of its own could take the request. */
  get fellBack(): boolean {
    return this.#pool !== undefined && this.#pool === this.#route.fallbackPool;
  }

  /** Whether the endpoint of the last try takes another one. */
  hereUsable(): boolean {
    return (this.#pool as EndpointSet).isSelectable(this.#endpoint as EndpointState);
  }

  /** Whether a usable endpoint was not tried yet. */
  anotherUntried(): boolean {
    const pool = this.#pool as EndpointSet;
    const tried = [...this.#tried, this.#endpoint as EndpointState];
    const others = this.#route.others(pool);
    return (
      pool.hasUntried(tried) || others.some((other) => other.hasUntried(tried)) || pool.health.lastResort(tried) !== undefined
    );
  }

  /** The response is good enough for the client to come back to where it was from. */
  settle(): void {
    const cookie = this.#route.sessions?.renew(this.#endpoint as EndpointState, this.#session, isSecure(this.#x));
    if (cookie !== undefined) this.cookies.push(cookie);
  }

  /** The next try goes to the same endpoint again, or to another one. */
  again(where: 'same' | 'other'): void {
    this.#stays = where === 'same';
    if (!this.#stays) this.#tried.push(this.#endpoint as EndpointState);
  }
}

function isSecure(x: Exchange): boolean {
  return x.request.scheme === 'https';
}
