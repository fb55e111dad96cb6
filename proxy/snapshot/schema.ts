import { isIP } from 'node:net';
import { all, boolean, integer, isObject, list, object, oneOf, record, string, stringThat, unique } from './check.ts';
import type { Check } from './check.ts';
import { cookieName, duration, headerName, hexDigest, port, positiveDuration, byMember, TOKEN } from './fields.ts';
import { fallback } from './fallback-schema.ts';
import { clientAddress } from './client-address-schema.ts';
import { filters } from './filter-schema.ts';
import {
  MAX_ENDPOINTS_PER_POOL,
  MAX_HINTS,
  MAX_LISTENERS,
  MAX_PLACE_LENGTH,
  MAX_POOLS,
  MAX_ROUTES,
  MAX_TRUSTED_KEYS,
  MAX_WEIGHT,
} from './limits.ts';
import { loadBalancer } from './load-balancer-schema.ts';
import { pathNormalization } from './path-normalization.ts';

/** Checks of types.ts, field by field; relations between fields are in validate.ts. */

const percent = integer(0, 100);
const count = integer(0, 1_000_000);
const positiveCount = integer(1, 1_000_000);
const name = string({ min: 1, max: 512 });
const method = string({ min: 1, max: 32, pattern: TOKEN, what: 'a method' });
const path = string({ min: 1, max: 4096, pattern: /^\/[^\0\r\n]*$/, what: 'a path that starts with /' });
/** A zone, or the name of a Node. Empty: not known. */
export const place = string({ max: MAX_PLACE_LENGTH });

export const version = object({
  epoch: integer(1, Number.MAX_SAFE_INTEGER),
  sequence: integer(1, Number.MAX_SAFE_INTEGER),
});

/** 43 characters carry 258 bits: the last two must be zero, so that 32 bytes have one spelling. */
export const publicKey = string({
  max: 43,
  pattern: /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/,
  what: 'an Ed25519 public key in base64url',
});

const headerMatch = object(
  {
    name: headerName,
    value: string({ max: 4096, pattern: /^[^\0\r\n]*$/, what: 'a header value' }),
  },
  { type: oneOf(['Exact', 'RegularExpression']) },
);

const plainPath = object({ type: oneOf(['PathPrefix', 'Exact']), value: path });
const pathExpression = object({ value: string({ min: 1, max: 4096 }) });
const pathMatch: Check = (value, report) => {
  if (isObject(value) && value['type'] === 'RegularExpression') pathExpression(value, report);
  else plainPath(value, report);
};

const match = object({}, { path: pathMatch, method, headers: all(list(headerMatch, { max: 64 }), unique('name')) });

const CONDITIONS = ['connect-failure', 'reset', 'gateway-error', 'timeout'];
const retryCondition: Check = (value, report) => {
  const known =
    typeof value === 'number' ? Number.isInteger(value) && value >= 400 && value <= 599 : CONDITIONS.includes(String(value));
  if (!known) report.fail(`must be one of ${CONDITIONS.join(', ')} or a status code from 400 to 599`);
};

const retry = object(
  {
    attempts: integer(0, 100),
    sameEndpoint: integer(0, 100),
    perTryTimeout: duration,
    retryOn: list(retryCondition, { max: 256 }),
    backOff: object({ base: duration, max: duration }),
    nonIdempotent: boolean,
    bufferLimit: integer(0, 2 ** 31 - 1),
  },
  { budget: object({ percent, minPerSecond: count }) },
);

const sessionPersistence = object({
  policyUid: name,
  name: cookieName,
  ttl: duration,
  sameSite: oneOf(['Strict', 'Lax', 'None']),
});

const circuitBreaker = object(
  { maxParallelRequests: positiveCount, maxPendingRequests: count },
  { maxConnections: positiveCount },
);

const route = object(
  {
    policy: name,
    generation: integer(0, Number.MAX_SAFE_INTEGER),
    created: integer(0, Number.MAX_SAFE_INTEGER),
    hostnames: list(string({ min: 1, max: 253 }), { max: 1024 }),
    matches: list(match, { max: 1024 }),
    destinations: list(object({ pool: name, weight: integer(0, MAX_WEIGHT) }), { max: 64 }),
    retry,
    timeouts: object({ connect: positiveDuration, request: duration, idle: duration, drain: duration }, { tunnel: duration }),
    accessLog: object({ enabled: boolean, samplePercent: percent }, { query: oneOf(['Include', 'Omit']) }),
  },
  { ...filters, sessionPersistence, circuitBreaker, fallback },
);

const listener = object(
  { port, protocol: oneOf(['HTTP']), routes: list(route, { max: MAX_ROUTES }) },
  { clientAddress, pathNormalization },
);

const timing = {
  interval: positiveDuration,
  timeout: positiveDuration,
  unhealthyThreshold: positiveCount,
  healthyThreshold: positiveCount,
};
const status = integer(100, 599);
const hostname = string({ min: 1, max: 253 });
const tcpCheck = object(timing, { port });
const httpCheck = object(
  { ...timing, path, method, expectedStatuses: list(object({ from: status, to: status }), { min: 1, max: 64 }) },
  { port, hostname, expectedBody: string({ max: 4096 }) },
);

const grpcCheck = object(timing, { port, hostname, service: string({ min: 1, max: 1024 }) });

const activeCheck = byMember('type', { HTTP: httpCheck, TCP: tcpCheck, GRPC: grpcCheck });

const failurePercent = object({ threshold: integer(1, 100), minRequests: positiveCount, window: positiveDuration });

const hintedPlaces = list(string({ min: 1, max: MAX_PLACE_LENGTH }), { min: 1, max: MAX_HINTS });

const endpoint = object(
  {
    id: name,
    hashKey: name,
    address: stringThat((value) => isIP(value) !== 0 && !value.includes('%'), 'an IPv4 or IPv6 literal'),
    port,
    weight: integer(0, MAX_WEIGHT),
    zone: place,
    state: oneOf(['active', 'draining']),
  },
  { hints: object({}, { zones: hintedPlaces, nodes: hintedPlaces }) },
);

const poolPart = object(
  {
    loadBalancer,
    healthCheck: object(
      {
        passive: object(
          { consecutiveConnectFailures: count, baseEjectionTime: duration, maxEjectionPercent: percent },
          { consecutive5xx: positiveCount, failurePercent },
        ),
      },
      { active: activeCheck, panicThreshold: percent },
    ),
    endpoints: all(list(endpoint, { max: MAX_ENDPOINTS_PER_POOL }), unique('id')),
  },
  { maxParallelRequests: positiveCount },
);

export const snapshot = object({
  version,
  trustedKeys: list(publicKey, { min: 1, max: MAX_TRUSTED_KEYS }),
  listeners: all(list(listener, { max: MAX_LISTENERS }), unique('port')),
  pools: all(list(object({ id: string({ min: 1, max: 1024 }), digest: hexDigest }), { max: MAX_POOLS }), unique('id')),
  parts: record(/^[0-9a-f]{64}$/, poolPart, MAX_POOLS),
});
