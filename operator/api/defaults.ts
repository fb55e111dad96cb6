/**
 * What an absent field of a policy means, in the policy's own notation. The API server fills most of these in; the operator does it
 * again, because an object may have been stored before a default existed, and because members that belong to one type of a union
 * (`path` of an HTTP check) and objects whose presence a rule asks about (`retry`) cannot have a default in the schema.
 */
import { DEFAULT_PATH_NORMALIZATION } from '../../proxy/snapshot/path-normalization.ts';
import type {
  AccessLogSpec,
  ActiveCheckSpec,
  AffinitySpec,
  BackOffSpec,
  CircuitBreakerSpec,
  FailurePercentSpec,
  FallbackRedirectSpec,
  FallbackResponseSpec,
  HashOnSpec,
  PassiveCheckSpec,
  PathNormalizationSpec,
  PolicySpec,
  RetryBudgetSpec,
  RetrySpec,
  SessionCookieSpec,
  SlowStartSpec,
  TimeoutsSpec,
} from './policy.gen.ts';

type HttpMembers = Pick<ActiveCheckSpec, 'path' | 'method' | 'expectedStatuses'>;
type ProbeMembers = Pick<ActiveCheckSpec, 'interval' | 'timeout' | 'unhealthyThreshold' | 'healthyThreshold'>;
type Complete<T> = Readonly<Required<T>>;

export const DEFAULTS = {
  proxyType: 'Gateway',
  protocol: 'HTTP',
  /** What a listener without the setting has. */
  pathNormalization: DEFAULT_PATH_NORMALIZATION satisfies Complete<PathNormalizationSpec>,
  pathType: 'PathPrefix',
  pathValue: '/',
  headerType: 'Exact',
  redirectStatus: 302,
  weight: 1,
  loadBalancer: { type: 'LeastRequest' } satisfies PolicySpec['loadBalancer'],
  /** Where the type is ConsistentHash. */
  consistentHash: { algorithm: 'Maglev', tableSize: 65_537 },
  hashOn: { type: 'SourceIP' } satisfies HashOnSpec,
  cookieTtl: '0s',
  /** Where affinity is given; without it, keys are not remembered. */
  affinity: { maxEntries: 65_536, idleTimeout: '60s' } satisfies Complete<AffinitySpec>,
  slowStart: { aggression: 1, minWeightPercent: 10 } satisfies Complete<Omit<SlowStartSpec, 'window'>>,
  /** Where preferLocal is given; without it, no zone is preferred. */
  preferLocal: { minEndpoints: 1 },
  probe: { interval: '3s', timeout: '1s', unhealthyThreshold: 3, healthyThreshold: 2 } satisfies Complete<ProbeMembers>,
  httpProbe: { path: '/', method: 'GET', expectedStatuses: ['200-399'] } satisfies Complete<HttpMembers>,
  /** Where passive is given; without it, only connect failures count. */
  passive: {
    consecutive5xx: 5,
    consecutiveConnectFailures: 3,
    baseEjectionTime: '30s',
    maxEjectionPercent: 50,
  } satisfies Complete<Omit<PassiveCheckSpec, 'failurePercent'>>,
  failurePercent: { minRequests: 20, window: '10s' } satisfies Complete<Omit<FailurePercentSpec, 'threshold'>>,
  panicThreshold: 0,
  retry: {
    attempts: 2,
    sameEndpoint: 0,
    perTryTimeout: '0s',
    retryOn: ['connect-failure', 'reset', 'gateway-error'],
    nonIdempotent: false,
    bufferLimit: '64Ki',
  } satisfies Complete<Omit<RetrySpec, 'backOff' | 'budget'>>,
  backOff: { base: '25ms', max: '250ms' } satisfies Complete<BackOffSpec>,
  retryBudget: { percent: 20, minPerSecond: 10 } satisfies Complete<RetryBudgetSpec>,
  timeouts: { connect: '5s', request: '0s', idle: '60s', tunnel: '1h', drain: '30s' } satisfies Complete<TimeoutsSpec>,
  circuitBreaker: {
    maxConnections: 1024,
    maxParallelRequests: 1024,
    maxPendingRequests: 1024,
  } satisfies Complete<Omit<CircuitBreakerSpec, 'perEndpoint'>>,
  fallbackRedirect: { statusCode: 302 } satisfies Complete<Omit<FallbackRedirectSpec, 'url'>>,
  fallbackResponse: {
    statusCode: 503,
    contentType: 'text/plain; charset=utf-8',
    body: '',
  } satisfies Complete<FallbackResponseSpec>,
  sessionCookie: { ttl: '0s', sameSite: 'Lax' } satisfies Complete<Omit<SessionCookieSpec, 'name'>>,
  /** Where accessLog is given; without it, nothing is logged. */
  accessLog: { enabled: true, samplePercent: 100, query: 'Include' } satisfies Complete<AccessLogSpec>,
} as const;
