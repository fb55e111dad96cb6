/** Session persistence: a cookie names the endpoint that a client stays with. */
import { createHash } from 'node:crypto';
import { cookieOf, formatCookie } from '../balance/hash-key.ts';
import type { EndpointState } from '../endpoints/endpoint-state.ts';
import type { EndpointSet } from '../endpoints/endpoint-set.ts';
import type { SessionPersistence } from '../snapshot/types.ts';

/** 128 bits: no two endpoints of a policy share a value. */
const VALUE_BYTES = 16;

export interface Place {
  readonly pool: EndpointSet;
  readonly endpoint: EndpointState;
}

/**
 * The sessions of one policy. Nothing is remembered of clients: a cookie's value is made of policy and endpoint, so every proxy reads
 * it alike, and it names nothing to whoever does not know both. A value that none of the policy's endpoints has, forged or stale, is as
 * good as no cookie; to guess one is to choose an endpoint, and no more.
 */
export class Sessions {
  #settings: SessionPersistence;
  #pools: readonly EndpointSet[];
  /** Milliseconds for which an endpoint that drains keeps its clients. */
  #drain: number;
  /** What `#places` was made of. */
  #endpoints: readonly (readonly EndpointState[])[] = [];
  #places = new Map<string, Place>();
  /** By endpoint id. */
  #values = new Map<string, string>();

  constructor(settings: SessionPersistence, pools: readonly EndpointSet[], drain: number) {
    this.#settings = settings;
    this.#pools = pools;
    this.#drain = drain;
  }

  /** What the client says it belongs to, by a Cookie header; the first counts. */
  read(header: string | undefined): string | undefined {
    return cookieOf(header, this.#settings.name);
  }

  /** Where that is, as long as it may take the client's requests. */
  find(value: string, now: number): Place | undefined {
    if (this.#pools.some((pool, i) => pool.endpoints !== this.#endpoints[i])) this.#index();
    const place = this.#places.get(value);
    return place?.pool.isStickyEligible(place.endpoint, this.#drain, now) === true ? place : undefined;
  }

  /** The Set-Cookie value for a client that was served by `endpoint`; undefined where it has this cookie. */
  renew(endpoint: EndpointState, present: string | undefined, secure: boolean): string | undefined {
    const value = this.#valueOf(endpoint.id);
    return value === present ? undefined : formatCookie(this.#settings, value, secure);
  }

  #index(): void {
    const before = this.#values;
    this.#values = new Map();
    this.#places.clear();
    this.#endpoints = this.#pools.map((pool) => pool.endpoints);
    for (const pool of this.#pools) {
      for (const endpoint of pool.endpoints) {
        const value = before.get(endpoint.id) ?? this.#make(endpoint.id);
        this.#values.set(endpoint.id, value);
        if (!this.#places.has(value)) this.#places.set(value, { pool, endpoint });
      }
    }
  }

  /** One that has left meanwhile is not in the index. */
  #valueOf(id: string): string {
    return this.#values.get(id) ?? this.#make(id);
  }

  #make(id: string): string {
    const hash = createHash('sha256').update(`${this.#settings.policyUid}\0${id}`).digest();
    return hash.subarray(0, VALUE_BYTES).toString('hex');
  }
}
