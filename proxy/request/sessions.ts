/** Session persistence: a cookie identifies the endpoint of a client. */
import { createHash } from 'node:crypto';
import { cookieOf, formatCookie } from '../balance/hash-key.ts';
import type { EndpointState } from '../endpoints/endpoint-state.ts';
import type { EndpointSet } from '../endpoints/endpoint-set.ts';
import type { SessionPersistence } from '../snapshot/types.ts';

/** 128 bits: no two endpoints of a policy share a value. */
const VALUE_BYTES = 16;

export interface SessionEndpoint {
  readonly set: EndpointSet;
  readonly endpoint: EndpointState;
}

/**
 * The sessions of one policy. Nothing is stored about clients: a cookie's value is a hash of policy and endpoint, so every proxy reads
 * it in the same way, and it reveals neither of them. A value that no endpoint of the policy has, forged or stale, counts as no cookie:
 * a client that guesses a value selects an endpoint, and no more.
 */
export class Sessions {
  #settings: SessionPersistence;
  #sets: readonly EndpointSet[];
  /** Milliseconds for which a draining endpoint keeps its clients. */
  #drain: number;
  /** The endpoints from which the index was made. */
  #endpoints: readonly (readonly EndpointState[])[] = [];
  #byValue = new Map<string, SessionEndpoint>();
  /** By endpoint id. */
  #values = new Map<string, string>();

  constructor(settings: SessionPersistence, sets: readonly EndpointSet[], drain: number) {
    this.#settings = settings;
    this.#sets = sets;
    this.#drain = drain;
  }

  /** The session value in a Cookie header; the first one, if repeated. */
  read(header: string | undefined): string | undefined {
    return cookieOf(header, this.#settings.name);
  }

  /** The endpoint of a session, if it may serve the client. */
  find(value: string, now: number): SessionEndpoint | undefined {
    if (this.#sets.some((set, i) => set.endpoints !== this.#endpoints[i])) this.#index();
    const session = this.#byValue.get(value);
    return session?.set.isStickyEligible(session.endpoint, this.#drain, now) === true ? session : undefined;
  }

  /** The Set-Cookie value for a client that `endpoint` served; undefined: it already has this cookie. */
  renew(endpoint: EndpointState, present: string | undefined, secure: boolean): string | undefined {
    const value = this.#valueOf(endpoint.id);
    return value === present ? undefined : formatCookie(this.#settings, value, secure);
  }

  #index(): void {
    const before = this.#values;
    this.#values = new Map();
    this.#byValue.clear();
    this.#endpoints = this.#sets.map((set) => set.endpoints);
    for (const set of this.#sets) {
      for (const endpoint of set.endpoints) {
        const value = before.get(endpoint.id) ?? this.#make(endpoint.id);
        this.#values.set(endpoint.id, value);
        if (!this.#byValue.has(value)) this.#byValue.set(value, { set: set, endpoint });
      }
    }
  }

  /** An endpoint that has left is not in the index. */
  #valueOf(id: string): string {
    return this.#values.get(id) ?? this.#make(id);
  }

  #make(id: string): string {
    const hash = createHash('sha256').update(`${this.#settings.policyUid}\0${id}`).digest();
    return hash.subarray(0, VALUE_BYTES).toString('hex');
  }
}
