/** Selects the endpoint, and the backend of the route, for each try of one request. */
import { EndpointAttempt } from './endpoint-attempt.ts';
import type { SelectedEndpoint } from './endpoint-attempt.ts';
import type { RouteState } from './route-state.ts';
import type { Sessions } from './sessions.ts';
import { hash64 } from '../balance/hash.ts';
import type { Hash } from '../balance/hash.ts';
import { formatCookie, hashKeyOf, makeCookieValue } from '../balance/hash-key.ts';
import type { EndpointSet } from '../endpoints/endpoint-set.ts';
import type { EndpointState } from '../endpoints/endpoint-state.ts';
import type { Exchange } from '../message/exchange.ts';
import { headerOf } from '../message/request-head.ts';
import { isIdempotent } from '../resilience/retry.ts';
import type { HashOn } from '../snapshot/types.ts';

export class EndpointSelection {
  /** Set-Cookie values for the client, sent with a backend's response. */
  readonly cookies: string[] = [];
  #route: RouteState;
  #x: Exchange;
  #random: () => number;
  /** The endpoints of the selected backend; undefined: no backend of the route has a weight. */
  #set: EndpointSet | undefined;
  /** Where the next try goes, as long as it is there: the endpoint of the session, or that of the last try. */
  #pinned: SelectedEndpoint | undefined;
  /** Hash of the request's key; undefined: the strategy uses none, or the request has none. */
  #hash: Hash | undefined;
  /** The value of the client's session cookie. */
  #session: string | undefined;
  #tried: EndpointState[] = [];
  #begun = false;

  constructor(route: RouteState, x: Exchange, random: () => number) {
    this.#route = route;
    this.#x = x;
    this.#random = random;
    if (route.sessions && this.#resumeSession(route.sessions, x)) return;
    if (route.hashOn) this.#hash = this.#hashKey(route.hashOn, x);
    this.#set = route.nextSet(x.started, random, this.#hash) ?? route.fallbackSet;
  }

  /** The first try for a client with a session is made on its endpoint, and does not affect the rotation. */
  #resumeSession(sessions: Sessions, x: Exchange): boolean {
    this.#session = sessions.read(headerOf(x.request, 'cookie'));
    const session = this.#session === undefined ? undefined : sessions.find(this.#session, x.started);
    if (session === undefined) return false;
    this.#set = session.set;
    this.#pinned = { set: session.set, endpoint: session.endpoint, probation: undefined };
    return true;
  }

  /** A client without the cookie receives one with its response, so that its later requests have a key. */
  #hashKey(on: HashOn, x: Exchange): Hash | undefined {
    let key = hashKeyOf(on, x.request, x.clientAddress);
    if (key === undefined && on.type === 'Cookie') {
      key = makeCookieValue(this.#random);
      this.cookies.push(formatCookie({ ...on, sameSite: 'Lax' }, key, isSecure(x)));
    }
    return key === undefined ? undefined : hash64(key);
  }

  /** The next try, which begins; undefined when no endpoint can be used. */
  begin(now: number): EndpointAttempt | undefined {
    const selected = this.#select(now);
    if (!selected) return undefined;
    this.#begun = true;
    return new EndpointAttempt(selected, this.#hash, now);
  }

  #select(now: number): SelectedEndpoint | undefined {
    const pinned = this.#pinned;
    // It may have left during a pause.
    if (pinned && pinned.endpoint.index >= 0) return pinned.endpoint.saturated ? undefined : pinned;
    const set = this.#set;
    if (!set) return undefined;
    const candidate = this.#begun ? undefined : this.#probationCandidate(set, now);
    if (candidate) return { set, endpoint: candidate, probation: 'due' };
    const found = this.#pick(set, now) ?? this.#pickElsewhere(set, now);
    if (found || this.#route.saturated || this.#tried.length === 0) return found;
    const last = set.health.lastResort(this.#tried);
    if (last) return { set, endpoint: last, probation: 'last' };
    // All endpoints were tried: start again with all of them.
    this.#tried = [];
    return this.#pick(set, now);
  }

  #pick(set: EndpointSet, now: number): SelectedEndpoint | undefined {
    const endpoint = set.pick(this.#tried, now, this.#hash);
    return endpoint && { set, endpoint, probation: undefined };
  }

  /**
   * Before any balancing, also with hashing: an endpoint whose ejection is over receives the first request that can be tried
   * elsewhere if it fails. For any other request, the endpoint is probed instead.
   */
  #probationCandidate(set: EndpointSet, now: number): EndpointState | undefined {
    if (!set.health.isProbationDue(now)) return undefined;
    // Whether a body can be sent twice is not known yet.
    const suited = this.#route.route.retry.attempts > 0 && isIdempotent(this.#x.request.method) && this.#x.body === undefined;
    if (suited) return set.health.probationCandidate(now);
    set.health.probeDue(now);
    return undefined;
  }

  /** No endpoint of this set can be used: one of the route's other backends is better than an error. */
  #pickElsewhere(set: EndpointSet, now: number): SelectedEndpoint | undefined {
    for (const other of this.#route.otherSets(set)) {
      // A saturated backend is still available: the fallback is for unavailable ones.
      if (other === this.#route.fallbackSet && this.#route.saturated) continue;
      const found = this.#pick(other, now);
      if (!found) continue;
      this.#set = other;
      return found;
    }
    return undefined;
  }

  /** Whether the request must wait for one saturated endpoint. */
  get needsSpecificEndpoint(): boolean {
    const endpoint = this.#pinned?.endpoint;
    // One that has left is not waited for.
    return endpoint !== undefined && endpoint.index >= 0 && endpoint.saturated;
  }

  /** Whether another request must end first. */
  get saturated(): boolean {
    return this.needsSpecificEndpoint || this.#route.saturated;
  }

  /** Whether the route's fallback serves the request. */
  get usesFallback(): boolean {
    return this.#set !== undefined && this.#set === this.#route.fallbackSet;
  }

  /** Whether the endpoint of this try can be selected again. */
  sameEndpointUsable({ set, endpoint }: SelectedEndpoint): boolean {
    return set.isSelectable(endpoint);
  }

  /** Whether a usable endpoint is left that was not tried. */
  anotherUntried({ set, endpoint }: SelectedEndpoint): boolean {
    const tried = [...this.#tried, endpoint];
    const others = this.#route.otherSets(set);
    return set.hasUntried(tried) || others.some((other) => other.hasUntried(tried)) || set.health.lastResort(tried) !== undefined;
  }

  /** After a good response: the client's session stays on, or moves to, the endpoint that answered. */
  renewSession({ endpoint }: SelectedEndpoint): void {
    const cookie = this.#route.sessions?.renew(endpoint, this.#session, isSecure(this.#x));
    if (cookie !== undefined) this.cookies.push(cookie);
  }

  /** The next try goes to the endpoint of this one again, or to another one. */
  again(attempt: SelectedEndpoint, where: 'same' | 'other'): void {
    this.#pinned = where === 'same' ? attempt : undefined;
    if (where === 'other') this.#tried.push(attempt.endpoint);
  }
}

function isSecure(x: Exchange): boolean {
  return x.request.scheme === 'https';
}
