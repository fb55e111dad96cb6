/** Active and passive health checks of a policy, in the wire's terms. */
import { DEFAULTS } from '../api/defaults.ts';
import type { ActiveCheckSpec, FailurePercentSpec, PassiveCheckSpec, PolicySpec } from '../api/policy.gen.ts';
import type {
  ActiveCheck,
  ActiveCheckTiming,
  FailurePercent,
  GrpcCheck,
  HealthCheck,
  HttpCheck,
  PassiveCheck,
} from '../../proxy/snapshot/types.ts';
import type { FieldParser } from './field-parser.ts';

export function readHealthCheck(given: NonNullable<PolicySpec['healthCheck']> = {}, fields: FieldParser): HealthCheck {
  const { active, passive, panicThreshold = DEFAULTS.panicThreshold } = given;
  return {
    ...(active && { active: readActive(active, fields) }),
    passive: readPassive(passive, fields),
    ...(panicThreshold > 0 && { panicThreshold }),
  };
}

function readActive(given: ActiveCheckSpec, fields: FieldParser): ActiveCheck {
  const spec = { ...DEFAULTS.probe, ...given };
  const timing: ActiveCheckTiming = {
    interval: fields.duration('healthCheck.active.interval', spec.interval),
    timeout: fields.duration('healthCheck.active.timeout', spec.timeout),
    unhealthyThreshold: spec.unhealthyThreshold,
    healthyThreshold: spec.healthyThreshold,
    ...(spec.port !== undefined && { port: spec.port }),
  };
  if (given.type === 'TCP') return { type: 'TCP', ...timing };
  return given.type === 'GRPC' ? readGrpc(given, timing) : readHttp(given, timing, fields);
}

function readGrpc({ service, hostname }: ActiveCheckSpec, timing: ActiveCheckTiming): GrpcCheck {
  return {
    type: 'GRPC',
    ...timing,
    ...(service !== undefined && { service }),
    ...(hostname !== undefined && { hostname }),
  };
}

function readHttp(given: ActiveCheckSpec, timing: ActiveCheckTiming, fields: FieldParser): HttpCheck {
  const spec = { ...DEFAULTS.httpProbe, ...given };
  if (spec.expectedBody !== undefined) fields.expression('healthCheck.active.expectedBody', spec.expectedBody);
  return {
    type: 'HTTP',
    ...timing,
    path: spec.path,
    method: spec.method,
    ...(spec.hostname !== undefined && { hostname: spec.hostname }),
    expectedStatuses: spec.expectedStatuses.map((text) => fields.statusRange('healthCheck.active.expectedStatuses', text)),
    ...(spec.expectedBody !== undefined && { expectedBody: spec.expectedBody }),
  };
}

/** Where passive checks are not given, only connect failures count. */
function readPassive(given: PassiveCheckSpec | undefined, fields: FieldParser): PassiveCheck {
  const spec = { ...DEFAULTS.passive, ...(given ?? { consecutive5xx: 0 }) };
  const { failurePercent } = spec;
  return {
    consecutiveConnectFailures: spec.consecutiveConnectFailures,
    ...(spec.consecutive5xx > 0 && { consecutive5xx: spec.consecutive5xx }),
    ...(failurePercent && { failurePercent: readFailurePercent(failurePercent, fields) }),
    baseEjectionTime: fields.duration('healthCheck.passive.baseEjectionTime', spec.baseEjectionTime),
    maxEjectionPercent: spec.maxEjectionPercent,
  };
}

function readFailurePercent(given: FailurePercentSpec, fields: FieldParser): FailurePercent {
  const spec = { ...DEFAULTS.failurePercent, ...given };
  const window = fields.duration('healthCheck.passive.failurePercent.window', spec.window);
  return { threshold: spec.threshold, minRequests: spec.minRequests, window };
}
