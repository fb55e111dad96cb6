/**
 * The wire contract between operator and proxy: the body of PUT /v1/snapshot and the answers.
 *
 * Units: every duration is in whole milliseconds, every size in bytes. Ports are 1-65535. Fields that have a default in the
 * LoadBalancerPolicy are always present here: the operator resolves defaults.
 */

import type { HealthCheck } from './health-check.ts';
import type { LoadBalancer } from './load-balancer.ts';
import type { CircuitBreakerSettings, Fallback, RetryBudgetSettings } from './protection.ts';
import type { PathNormalization } from './path-normalization.ts';
import type { Version } from './version.ts';
import type { HeaderModifier, Match, RequestRedirect, SessionPersistence, UrlRewrite } from './routing.ts';

export type * from './health-check.ts';
export type * from './load-balancer.ts';
export type { PathNormalization } from './path-normalization.ts';
export type * from './protection.ts';
export type * from './proxy-status.ts';
export type * from './routing.ts';
export type * from './version.ts';
export { MAX_SNAPSHOT_BYTES } from './limits.ts';

export interface Snapshot {
  readonly version: Version;
  /** Ed25519 public keys (32 raw bytes, base64url without padding) that may sign from now on; never empty. */
  readonly trustedKeys: readonly string[];
  readonly listeners: readonly Listener[];
  /** All pools, by content; ids are unique. */
  readonly pools: readonly PoolRef[];
  /** The parts that the receiver probably does not have, by digest. Not part of the snapshot's own digest. */
  readonly parts: Readonly<Record<string, PoolPart>>;
}

export interface PoolRef {
  /** `namespace/policy/refNamespace/service:port`. */
  readonly id: string;
  /** SHA-256 in hex of the part's canonical JSON. */
  readonly digest: string;
}

export interface Listener {
  /** The port of the policy; unique. A gateway binds `port + 10000` if it is below 1024. */
  readonly port: number;
  readonly protocol: 'HTTP';
  /** Absent: X-Forwarded-For is ignored, the client is the peer. */
  readonly clientAddress?: ClientAddress;
  /** Absent: DEFAULT_PATH_NORMALIZATION; older operators send none. */
  readonly pathNormalization?: PathNormalization;
  /** In any order: the proxy sorts by precedence. */
  readonly routes: readonly Route[];
}

/**
 * How much of X-Forwarded-For is trusted: the entries appended by this many proxies in front of the listener, or those appended by
 * proxies in these ranges.
 */
export type ClientAddress = { readonly trustedHops: number } | { readonly trustedCIDRs: readonly string[] };

export interface Route {
  /** `namespace/name` of the policy. */
  readonly policy: string;
  readonly generation: number;
  /** Unix milliseconds at which the policy was created; decides precedence before the name. */
  readonly created: number;
  /** Lower case, without port; a leading `*.` matches one or more labels; empty: every host. */
  readonly hostnames: readonly string[];
  /** Alternatives; empty: everything matches. */
  readonly matches: readonly Match[];
  /** Weights ≥ 0. All zero: no destination, 503. Empty if and only if there is a redirect. */
  readonly destinations: readonly Destination[];
  readonly requestHeaderModifier?: HeaderModifier;
  readonly responseHeaderModifier?: HeaderModifier;
  /** Not with a redirect. */
  readonly urlRewrite?: UrlRewrite;
  readonly requestRedirect?: RequestRedirect;
  /** Not with a redirect. */
  readonly sessionPersistence?: SessionPersistence;
  readonly retry: Retry;
  readonly timeouts: Timeouts;
  /** Absent: no limits. */
  readonly circuitBreaker?: CircuitBreakerSettings;
  /** If no destination is usable; absent: 503. Not with a redirect. */
  readonly fallback?: Fallback;
  readonly accessLog: AccessLog;
}

export interface Destination {
  /** A pool's id. */
  readonly pool: string;
  readonly weight: number;
}

/** A code is one number 400-599; there are no classes such as `'5xx'`. */
export type RetryCondition = 'connect-failure' | 'reset' | 'gateway-error' | 'timeout' | number;

export interface Retry {
  /** Further endpoints after the first; 0 turns retries on other endpoints off. */
  readonly attempts: number;
  /** Further attempts on the same endpoint, only after a connect failure or reset and while it is usable. */
  readonly sameEndpoint: number;
  /** From the later of connected and request sent, until the response head; 0: off. */
  readonly perTryTimeout: number;
  readonly retryOn: readonly RetryCondition[];
  readonly backOff: { readonly base: number; readonly max: number };
  /** Whether POST and PATCH may be retried after something was sent. */
  readonly nonIdempotent: boolean;
  /** A request body up to this many bytes is kept for retries. */
  readonly bufferLimit: number;
  /** Absent: limited by `attempts` only. */
  readonly budget?: RetryBudgetSettings;
}

export interface Timeouts {
  readonly connect: number;
  /** The whole request including retries; 0: off. */
  readonly request: number;
  /** Time without progress in either direction. 0: off. */
  readonly idle: number;
  /** Replaces `idle` once a connection was upgraded; 0: off. Absent: an hour. */
  readonly tunnel?: number;
  /** How long requests on a removed endpoint or route may continue. */
  readonly drain: number;
}

export interface AccessLog {
  readonly enabled: boolean;
  /** 0-100. */
  readonly samplePercent: number;
  /** Whether lines contain the query of the request. Absent: `Omit`, as before this member existed. */
  readonly query?: 'Include' | 'Omit';
}

/** The content of one pool. Pools with equal content share a part, so it names no policy. */
export interface PoolPart {
  readonly loadBalancer: LoadBalancer;
  readonly healthCheck: HealthCheck;
  /** Concurrent requests per endpoint, ≥ 1; absent: no limit. */
  readonly maxParallelRequests?: number;
  /** Sorted by id; ids are unique. */
  readonly endpoints: readonly Endpoint[];
}

export type EndpointLifecycle = 'active' | 'draining';

export interface Endpoint {
  /** Target UID and port; without a target, address and port. A reused address inherits no state. */
  readonly id: string;
  /** A stable name (pod name and port, else address and port); also the metrics label `endpoint`. */
  readonly hashKey: string;
  /** IPv4 or IPv6 literal, no brackets. */
  readonly address: string;
  readonly port: number;
  /** ≥ 0; 0 takes no new requests. */
  readonly weight: number;
  readonly zone: string;
  readonly state: EndpointLifecycle;
  /** Only of active endpoints, and only where every active endpoint of the pool has one. Absent: any proxy may prefer any endpoint. */
  readonly hints?: EndpointHints;
}

/** The proxies that should prefer an endpoint, by their location; from the EndpointSlice. At least one list, none empty. */
export interface EndpointHints {
  readonly zones?: readonly string[];
  readonly nodes?: readonly string[];
}

/** Claims of the bearer token (EdDSA JWT, valid for 30 s). Times are unix seconds. */
export interface TokenClaims {
  readonly iss: 'outrigger-operator';
  /** UID of the proxy pod. */
  readonly aud: string;
  readonly iat: number;
  readonly exp: number;
  readonly htm: string;
  readonly htu: string;
  readonly epoch: number;
  readonly seq: number;
  /** Zone of the proxy; empty: not known. */
  readonly zone: string;
  /** Name of the proxy's Node; empty: not known. Absent: an older operator. */
  readonly node?: string;
  /** SHA-256 in hex of the body as sent (of nothing, for GET). */
  readonly bsha: string;
}
