/** Parses a policy once: defaults filled in, durations in ms, sizes in bytes, wire form. Everything after this works on the result. */
import { DEFAULTS } from '../api/defaults.ts';
import { readClientAddress } from './client-address.ts';
import { Reader } from './field-parser.ts';
import { readFilters } from './filters.ts';
import type { RouteFilters } from './filters.ts';
import { readCircuitBreaker, readFallback } from './protection.ts';
import { readActive, readPassive } from './policy-health-check.ts';
import { readMatch } from './match.ts';
import { readLoadBalancer } from './policy-load-balancer.ts';
import type { BackendRef, LabelSelector, LoadBalancerPolicy, PolicySpec, SessionPersistenceSpec } from '../api/policy.gen.ts';
import type {
  AccessLog,
  CircuitBreakerSettings,
  Fallback,
  ClientAddress,
  HealthCheck,
  LoadBalancer,
  Match,
  Retry,
  RetryCondition,
  SessionPersistence,
  Timeouts,
} from '../../proxy/snapshot/types.ts';
import type { Problem } from './field-parser.ts';

export type ProxyType = NonNullable<NonNullable<PolicySpec['proxies']>['type']>;

export interface Backend {
  /** Its pool's id: `namespace/policy/refNamespace/service:port`. */
  readonly pool: string;
  /** `namespace/name` of the Service. */
  readonly service: string;
  /** Of the Service. */
  readonly namespace: string;
  readonly port: number;
  readonly weight: number;
  /** Where the policy names it. */
  readonly field: string;
}

/** What a policy asks for, in the wire's terms. */
export interface ParsedPolicy {
  /** `namespace/name`. */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  /** Unix milliseconds. */
  readonly created: number;
  readonly proxyType: ProxyType;
  readonly selector: LabelSelector;
  /** Absent: the policy only monitors. */
  readonly port?: number;
  /** Absent: X-Forwarded-For is not believed. */
  readonly clientAddress?: ClientAddress;
  /** Empty: every host. */
  readonly hostnames: readonly string[];
  /** Empty: every request. */
  readonly matches: readonly Match[];
  readonly filters: RouteFilters;
  /** Empty where the policy redirects. */
  readonly backends: readonly Backend[];
  readonly loadBalancer: LoadBalancer;
  readonly healthCheck: HealthCheck;
  readonly retry: Retry;
  readonly timeouts: Timeouts;
  readonly accessLog: AccessLog;
  readonly circuitBreaker: CircuitBreakerSettings;
  /** Requests at one endpoint at once. */
  readonly perEndpoint?: number;
  readonly fallback?: Fallback;
  /** Every Service that the policy names: its backends, then that of its fallback. */
  readonly references: readonly Backend[];
  readonly sessionPersistence?: SessionPersistence;
  /** Why the policy can not be accepted; empty when it can. */
  readonly problems: readonly Problem[];
}

export function parsePolicy({ metadata, spec }: LoadBalancerPolicy): ParsedPolicy {
  const reader = new Reader();
  const namespace = metadata.namespace ?? '';
  const key = `${namespace}/${metadata.name}`;
  const { listener } = spec;
  const clientAddress = readClientAddress(listener?.clientAddress);
  const timeouts = readTimeouts(spec.timeouts, reader);
  const backends = (spec.backendRefs ?? []).map((ref, i) => readBackend(key, namespace, ref, `backendRefs[${i}]`));
  const last = spec.fallback?.backendRef && readBackend(key, namespace, spec.fallback.backendRef, 'fallback.backendRef');
  const references = [...backends, ...(last ? [last] : [])];
  refuseTwins(references, reader);
  const perEndpoint = spec.circuitBreaker?.perEndpoint?.maxParallelRequests;
  const fallback = readFallback(spec, last?.pool);
  return {
    key,
    namespace,
    name: metadata.name,
    uid: metadata.uid,
    generation: metadata.generation ?? 0,
    created: Math.max(0, Date.parse(metadata.creationTimestamp) || 0),
    proxyType: spec.proxies?.type ?? DEFAULTS.proxyType,
    selector: spec.proxies?.selector ?? {},
    ...(listener && { port: listener.port }),
    ...(clientAddress && { clientAddress }),
    hostnames: [...new Set((listener?.hostnames ?? []).map((host) => host.toLowerCase()))].sort(),
    matches: (spec.matches ?? []).map((match, i) => readMatch(match, `matches[${i}]`, reader)),
    filters: readFilters(spec),
    backends,
    loadBalancer: readLoadBalancer(spec.loadBalancer, timeouts.drain, reader),
    healthCheck: readHealthCheck(spec.healthCheck, reader),
    retry: readRetry(spec.retry, reader),
    timeouts,
    accessLog: spec.accessLog ? { ...DEFAULTS.accessLog, ...spec.accessLog } : { ...DEFAULTS.accessLog, enabled: false },
    circuitBreaker: readCircuitBreaker(spec.circuitBreaker),
    ...(perEndpoint !== undefined && { perEndpoint }),
    ...(fallback && { fallback }),
    references,
    ...(spec.sessionPersistence && { sessionPersistence: readSession(spec.sessionPersistence, metadata.uid, reader) }),
    problems: reader.problems,
  };
}

function readBackend(policy: string, own: string, ref: BackendRef, field: string): Backend {
  const { name, port, namespace = own, weight = DEFAULTS.weight } = ref;
  const service = `${namespace}/${name}`;
  return { pool: `${policy}/${service}:${port}`, service, namespace, port, weight, field };
}

/** The schema does not know the policy's namespace: there, naming it and leaving it out are two things. */
function refuseTwins(references: readonly Backend[], reader: Reader): void {
  const first = new Map<string, string>();
  for (const { pool, field, service, port } of references) {
    const twin = first.get(pool);
    if (twin === undefined) first.set(pool, field);
    else reader.fail('UnsupportedValue', `${field} is port ${port} of Service ${service}, as ${twin} is: keep one of them`);
  }
}

function readSession({ cookie }: SessionPersistenceSpec, policyUid: string, reader: Reader): SessionPersistence {
  const { name, ttl, sameSite } = { ...DEFAULTS.sessionCookie, ...cookie };
  return { policyUid, name, ttl: reader.duration('sessionPersistence.cookie.ttl', ttl), sameSite };
}

function readHealthCheck(given: NonNullable<PolicySpec['healthCheck']> = {}, reader: Reader): HealthCheck {
  const { active, passive, panicThreshold = DEFAULTS.panicThreshold } = given;
  return {
    ...(active && { active: readActive(active, reader) }),
    passive: readPassive(passive, reader),
    ...(panicThreshold > 0 && { panicThreshold }),
  };
}

function readRetry(given: PolicySpec['retry'], reader: Reader): Retry {
  const spec = { ...DEFAULTS.retry, ...given };
  const backOff = { ...DEFAULTS.backOff, ...given?.backOff };
  return {
    attempts: spec.attempts,
    sameEndpoint: spec.sameEndpoint,
    perTryTimeout: reader.duration('retry.perTryTimeout', spec.perTryTimeout),
    retryOn: spec.retryOn.map((condition) => (/^\d{3}$/.test(condition) ? Number(condition) : (condition as RetryCondition))),
    backOff: {
      base: reader.duration('retry.backOff.base', backOff.base),
      max: reader.duration('retry.backOff.max', backOff.max),
    },
    nonIdempotent: spec.nonIdempotent,
    bufferLimit: reader.quantity('retry.bufferLimit', spec.bufferLimit),
    budget: { ...DEFAULTS.retryBudget, ...given?.budget },
  };
}

function readTimeouts(given: PolicySpec['timeouts'], reader: Reader): Timeouts {
  const spec = { ...DEFAULTS.timeouts, ...given };
  return {
    connect: reader.duration('timeouts.connect', spec.connect),
    request: reader.duration('timeouts.request', spec.request),
    idle: reader.duration('timeouts.idle', spec.idle),
    tunnel: reader.duration('timeouts.tunnel', spec.tunnel),
    drain: reader.duration('timeouts.drain', spec.drain),
  };
}
