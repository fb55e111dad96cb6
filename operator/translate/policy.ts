/** Parses a policy once: defaults filled in, durations in ms, sizes in bytes, in the wire's terms. Later steps use only the result. */
import { DEFAULTS } from '../api/defaults.ts';
import { noteOf, readIdle } from '../api/annotations.ts';
import { FieldParser, type Problem } from './field-parser.ts';
import { readListenerSettings, type ListenerSettings } from './listener-settings.ts';
import { readHealthCheck } from './policy-health-check.ts';
import { readLoadBalancer } from './policy-load-balancer.ts';
import { readCircuitBreaker, readFallback, readRetry, readTimeouts } from './policy-resilience.ts';
import { readFilters, readMatch, type RouteFilters } from './policy-routing.ts';
import type {
  AccessLogSpec,
  BackendRef,
  LabelSelector,
  LoadBalancerPolicy,
  PolicySpec,
  SessionPersistenceSpec,
} from '../api/policy.gen.ts';
import type {
  AccessLog,
  CircuitBreakerSettings,
  Fallback,
  HealthCheck,
  LoadBalancer,
  Match,
  Retry,
  SessionPersistence,
  Timeouts,
} from '../../proxy/snapshot/types.ts';

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
  /** Path of the reference within the policy. */
  readonly field: string;
}

/** A parsed policy, in the wire's terms. */
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
  /** An annotation says that it has no endpoints on purpose. */
  readonly idle: boolean;
  /** What was ignored, and why. */
  readonly notes: readonly string[];
  /** Absent: the policy only monitors. */
  readonly port?: number;
  readonly listenerSettings: ListenerSettings;
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
  /** Parallel requests per endpoint. */
  readonly perEndpoint?: number;
  readonly fallback?: Fallback;
  /** Every Service that the policy names: its backends, then the one of its fallback. */
  readonly references: readonly Backend[];
  readonly sessionPersistence?: SessionPersistence;
  /** Why the policy cannot be accepted; empty when it can. */
  readonly problems: readonly Problem[];
}

export function parsePolicy({ metadata, spec }: LoadBalancerPolicy): ParsedPolicy {
  const fields = new FieldParser();
  const namespace = metadata.namespace ?? '';
  const key = `${namespace}/${metadata.name}`;
  const { listener } = spec;
  const idle = readIdle(metadata.annotations);
  const timeouts = readTimeouts(spec.timeouts, fields);
  const backends = (spec.backendRefs ?? []).map((ref, i) => readBackend(key, namespace, ref, `backendRefs[${i}]`));
  const last = spec.fallback?.backendRef && readBackend(key, namespace, spec.fallback.backendRef, 'fallback.backendRef');
  const references = [...backends, ...(last ? [last] : [])];
  refuseDuplicates(references, fields);
  const perEndpoint = spec.circuitBreaker?.perEndpoint?.maxParallelRequests;
  const fallback = readFallback(spec, last?.pool);
  return {
    key,
    namespace,
    name: metadata.name,
    uid: metadata.uid,
    generation: metadata.generation ?? 0,
    created: Math.max(0, Date.parse(metadata.creationTimestamp) || 0),
    idle: idle.idle,
    notes: idle.problem ? [noteOf(idle.problem)] : [],
    proxyType: spec.proxies?.type ?? DEFAULTS.proxyType,
    selector: spec.proxies?.selector ?? {},
    ...(listener && { port: listener.port }),
    listenerSettings: readListenerSettings(listener),
    hostnames: [...new Set((listener?.hostnames ?? []).map((host) => host.toLowerCase()))].sort(),
    matches: (spec.matches ?? []).map((match, i) => readMatch(match, `matches[${i}]`, fields)),
    filters: readFilters(spec),
    backends,
    loadBalancer: readLoadBalancer(spec.loadBalancer, timeouts.drain, fields),
    healthCheck: readHealthCheck(spec.healthCheck, fields),
    retry: readRetry(spec.retry, fields),
    timeouts,
    accessLog: readAccessLog(spec.accessLog),
    circuitBreaker: readCircuitBreaker(spec.circuitBreaker),
    ...(perEndpoint !== undefined && { perEndpoint }),
    ...(fallback && { fallback }),
    references,
    ...(spec.sessionPersistence && { sessionPersistence: readSession(spec.sessionPersistence, metadata.uid, fields) }),
    problems: fields.problems,
  };
}

function readBackend(policy: string, own: string, ref: BackendRef, field: string): Backend {
  const { name, port, namespace = own, weight = DEFAULTS.weight } = ref;
  const service = `${namespace}/${name}`;
  return { pool: `${policy}/${service}:${port}`, service, namespace, port, weight, field };
}

/** The schema cannot find these: it does not know the policy's namespace, so naming it and leaving it out differ there. */
function refuseDuplicates(references: readonly Backend[], fields: FieldParser): void {
  const first = new Map<string, string>();
  for (const { pool, field, service, port } of references) {
    const duplicate = first.get(pool);
    if (duplicate === undefined) first.set(pool, field);
    else fields.fail('UnsupportedValue', `${field} is port ${port} of Service ${service}, as ${duplicate} is: keep one of them`);
  }
}

/** Without `query`, proxies omit it, as older ones do. */
function readAccessLog(given: AccessLogSpec = { enabled: false }): AccessLog {
  const { enabled, samplePercent, query } = { ...DEFAULTS.accessLog, ...given };
  return { enabled, samplePercent, ...(enabled && query === 'Include' && { query }) };
}

function readSession({ cookie }: SessionPersistenceSpec, policyUid: string, fields: FieldParser): SessionPersistence {
  const { name, ttl, sameSite } = { ...DEFAULTS.sessionCookie, ...cookie };
  return { policyUid, name, ttl: fields.duration('sessionPersistence.cookie.ttl', ttl), sameSite };
}
