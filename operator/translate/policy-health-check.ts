import { DEFAULTS } from '../api/defaults.ts';
import type { ActiveCheckSpec, FailurePercentSpec, PassiveCheckSpec } from '../api/policy.gen.ts';
import type {
  ActiveCheck,
  ActiveCheckTiming,
  FailurePercent,
  GrpcCheck,
  HttpCheck,
  PassiveCheck,
} from '../../proxy/snapshot/types.ts';
import { checkExpression } from './expression.ts';
import type { Reader } from './field-parser.ts';

/** A message shows this many characters of an expression. */
const MAX_QUOTED = 100;

export function readActive(given: ActiveCheckSpec, reader: Reader): ActiveCheck {
  const spec = { ...DEFAULTS.probe, ...given };
  const timing: ActiveCheckTiming = {
    interval: reader.duration('healthCheck.active.interval', spec.interval),
    timeout: reader.duration('healthCheck.active.timeout', spec.timeout),
    unhealthyThreshold: spec.unhealthyThreshold,
    healthyThreshold: spec.healthyThreshold,
    ...(spec.port !== undefined && { port: spec.port }),
  };
  if (given.type === 'TCP') return { type: 'TCP', ...timing };
  return given.type === 'GRPC' ? readGrpc(given, timing) : readHttp(given, timing, reader);
}

function readGrpc({ service, hostname }: ActiveCheckSpec, timing: ActiveCheckTiming): GrpcCheck {
  return {
    type: 'GRPC',
    ...timing,
    ...(service !== undefined && { service }),
    ...(hostname !== undefined && { hostname }),
  };
}

function readHttp(given: ActiveCheckSpec, timing: ActiveCheckTiming, reader: Reader): HttpCheck {
  const spec = { ...DEFAULTS.httpProbe, ...given };
  if (spec.expectedBody !== undefined) checkExpression('healthCheck.active.expectedBody', spec.expectedBody, reader);
  return {
    type: 'HTTP',
    ...timing,
    path: spec.path,
    method: spec.method,
    ...(spec.hostname !== undefined && { hostname: spec.hostname }),
    expectedStatuses: spec.expectedStatuses.map((text) => readStatuses(text, reader)),
    ...(spec.expectedBody !== undefined && { expectedBody: spec.expectedBody }),
  };
}

/** `204` or `200-399`. */
function readStatuses(text: string, reader: Reader): { from: number; to: number } {
  const [, from, to = from] = /^(\d{3})(?:-(\d{3}))?$/.exec(text) ?? [];
  if (from !== undefined) return { from: Number(from), to: Number(to) };
  reader.fail(
    'UnsupportedValue',
    `healthCheck.active.expectedStatuses: "${text.slice(0, MAX_QUOTED)}" is not a status code such as 204 or a range such as 200-399`,
  );
  return { from: 0, to: 0 };
}

/** Without it, only connect failures count; with it, every failure does. */
export function readPassive(given: PassiveCheckSpec | undefined, reader: Reader): PassiveCheck {
  const spec = { ...DEFAULTS.passive, ...(given ?? { consecutive5xx: 0 }) };
  const { failurePercent } = spec;
  return {
    consecutiveConnectFailures: spec.consecutiveConnectFailures,
    ...(spec.consecutive5xx > 0 && { consecutive5xx: spec.consecutive5xx }),
    ...(failurePercent && { failurePercent: readFailurePercent(failurePercent, reader) }),
    baseEjectionTime: reader.duration('healthCheck.passive.baseEjectionTime', spec.baseEjectionTime),
    maxEjectionPercent: spec.maxEjectionPercent,
  };
}

function readFailurePercent(given: FailurePercentSpec, reader: Reader): FailurePercent {
  const spec = { ...DEFAULTS.failurePercent, ...given };
  const window = reader.duration('healthCheck.passive.failurePercent.window', spec.window);
  return { threshold: spec.threshold, minRequests: spec.minRequests, window };
}
