/** Where the tries of one request go: which endpoint of which backend of its route is next. */
import { hash64 } from '../balance/hash.ts';
import type { Hash } from '../balance/hash.ts';
import { formatCookie, hashKeyOf, makeCookieValue } from '../balance/hash-key.ts';
import type { Exchange } from '../message/exchange.ts';
import type { Outcome } from '../health/outlier-state.ts';
import type { EndpointState } from '../endpoints/endpoint-state.ts';
import type { AttemptResult, ProbationKind, AttemptHandle } from '../endpoints/attempt-handle.ts';
import type { EndpointSet } from '../endpoints/endpoint-set.ts';
import { isIdempotent } from '../resilience/retry.ts';
import type { RouteState } from './route-state.ts';
import type { Sessions } from './sessions.ts';
import type { HashOn } from '../snapshot/types.ts';

export class EndpointSelection {
  /** Set-Cookie values that go to the client with a backend's response. */
  readonly cookies: string[] = [];
  #route: RouteState;
  #x: Exchange;
  #random: () => number;
  /** Of the backend that was chosen; undefined: no backend of the route has a weight. */
  #set: EndpointSet | undefined;
  #endpoint: EndpointState | undefined;
  /** Of the hash key, where the route's strategy uses one and the request has it. */
  #hash: Hash | undefined;
  /** The value of the client's session cookie. */
  #session: string | undefined;
  #tried: EndpointState[] = [];
  /** The next try goes to the endpoint of the last one, or of the session. */
  #pinned = false;
  #begun = false;
  /** The try in progress. */
  #handle: AttemptHandle | undefined;
  #probation: ProbationKind | undefined;

  constructor(route: RouteState, x: Exchange, random: () => number) {
    this.#route = route;
    this.#x = x;
    this.#random = random;
    if (route.sessions && this.#resumeSession(route.sessions, x)) return;
    if (route.hashOn) this.#hash = this.#hashKey(route.hashOn, x);
    this.#set = route.nextSet(x.started, random, this.#hash) ?? route.fallbackSet;
  }

  /** The first try of a client with a session goes to its endpoint, and takes no turn from the rotation. */
  #resumeSession(sessions: Sessions, x: Exchange): boolean {
    this.#session = sessions.read(x.request.fields.get('cookie'));
    const session = this.#session === undefined ? undefined : sessions.find(this.#session, x.started);
    if (session === undefined) return false;
    this.#set = session.set;
    this.#endpoint = session.endpoint;
    this.#pinned = true;
    return true;
  }

  /** A client without the cookie gets one with its response, so that its later requests have a key. */
  #hashKey(on: HashOn, x: Exchange): Hash | undefined {
    let key = hashKeyOf(on, x.request, x.clientAddress);
    if (key === undefined && on.type === 'Cookie') {
      key = makeCookieValue(this.#random);
      this.cookies.push(formatCookie({ ...on, sameSite: 'Lax' }, key, isSecure(x)));
    }
    return key === undefined ? undefined : hash64(key);
  }

  /** Set where the last try was on an ejected endpoint: why it was made. */
  get probation(): ProbationKind | undefined {
    return this.#probation;
  }

  /** The endpoint of the next try; undefined when none can be used. */
  next(now: number): EndpointState | undefined {
    // It may have left during a pause.
    if (this.#pinned && (this.#endpoint as EndpointState).index >= 0)
      return this.needsSpecificEndpoint ? undefined : this.#endpoint;
    const set = this.#set;
    if (!set) return undefined;
    this.#probation = !this.#begun && set.health.isProbationDue(now) && this.#takeProbation(set, now) ? 'due' : undefined;
    if (this.#probation) return this.#endpoint;
    let found = set.pick(this.#tried, now, this.#hash) ?? this.#pickElsewhere(set, now);
    if (!found && this.#route.saturated) return undefined;
    if (!found && this.#tried.length > 0) {
      found = set.health.lastResort(this.#tried);
      if (found) this.#probation = 'last';
    }
    // Everything was tried: start over with what there is.
    if (!found && this.#tried.length > 0) {
      this.#tried = [];
      found = set.pick(this.#tried, now, this.#hash);
    }
    this.#endpoint = found;
    return found;
  }

  /**
   * Before any balancing, also where a hash places requests: an endpoint whose ejection is over gets the first request that can be
   * tried elsewhere when it fails. Any other request has the endpoint probed.
   */
  #takeProbation(set: EndpointSet, now: number): boolean {
    // It is not known yet whether a body can be sent twice.
    const suited = this.#route.route.retry.attempts > 0 && isIdempotent(this.#x.request.method) && this.#x.body === undefined;
    if (!suited) {
      set.health.probeDue(now);
      return false;
    }
    this.#endpoint = set.health.probationCandidate(now);
    return this.#endpoint !== undefined;
  }

  /** Nothing in this set can be used: the route's other backends are better than an error. */
  #pickElsewhere(set: EndpointSet, now: number): EndpointState | undefined {
    for (const other of this.#route.otherSets(set)) {
      // A saturated backend is still available: the fallback is for those that are not.
      if (other === this.#route.fallbackSet && this.#route.saturated) continue;
      const found = other.pick(this.#tried, now, this.#hash);
      if (!found) continue;
      this.#set = other;
      return found;
    }
    return undefined;
  }

  /** A try begins on the endpoint that `next` gave. */
  begin(): void {
    this.#begun = true;
    // A probation request does not show which endpoint its key belongs to.
    const hash = this.#probation ? undefined : this.#hash;
    this.#handle = (this.#set as EndpointSet).begin(this.#endpoint as EndpointState, hash, this.#probation);
  }

  /** Records what the try shows of its endpoint, as soon as it is known. Does nothing once the try has ended. */
  record(outcome: Outcome, now: number): void {
    if (this.#handle) (this.#set as EndpointSet).health.record(this.#handle, outcome, now);
  }

  /** The try ends, unless it has ended; before `next` chooses another. See `EndpointSet.end`. */
  end(outcome: AttemptResult, headMs: number, now: number): void {
    if (this.#handle) (this.#set as EndpointSet).end(this.#handle, outcome, headMs, now);
    this.#handle = undefined;
  }

  /** Whether the request waits for one endpoint, and cannot use another. */
  get needsSpecificEndpoint(): boolean {
    return this.#pinned && (this.#endpoint as EndpointState).saturated;
  }

  /** Whether another request has to end first. */
  get busy(): boolean {
    return this.needsSpecificEndpoint || this.#route.saturated;
  }

  /** Whether the route's fallback serves the request. */
  get usesFallback(): boolean {
    return this.#set !== undefined && this.#set === this.#route.fallbackSet;
  }

  /** Whether the endpoint of the last try can be selected again. */
  sameEndpointUsable(): boolean {
    return (this.#set as EndpointSet).isSelectable(this.#endpoint as EndpointState);
  }

  /** Whether a usable endpoint was not tried yet. */
  anotherUntried(): boolean {
    const set = this.#set as EndpointSet;
    const tried = [...this.#tried, this.#endpoint as EndpointState];
    const others = this.#route.otherSets(set);
    return set.hasUntried(tried) || others.some((other) => other.hasUntried(tried)) || set.health.lastResort(tried) !== undefined;
  }

  /** The response is good: the client's session stays with, or moves to, the endpoint that gave it. */
  renewSession(): void {
    const cookie = this.#route.sessions?.renew(this.#endpoint as EndpointState, this.#session, isSecure(this.#x));
    if (cookie !== undefined) this.cookies.push(cookie);
  }

  /** The next try goes to the same endpoint again, or to another one. */
  again(where: 'same' | 'other'): void {
    this.#pinned = where === 'same';
    if (!this.#pinned) this.#tried.push(this.#endpoint as EndpointState);
  }
}

function isSecure(x: Exchange): boolean {
  return x.request.scheme === 'https';
}
