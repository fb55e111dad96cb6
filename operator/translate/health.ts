import { RE2JS, RE2JSException, RE2JSSyntaxException } from 're2js';
import { DEFAULTS } from '../api/defaults.ts';
import type { ActiveCheckSpec, PassiveCheckSpec } from '../api/policy.gen.ts';
import type { ActiveCheck, ActiveCheckTiming, HttpCheck, PassiveCheck } from '../../proxy/snapshot/types.ts';
import type { Reader } from './reader.ts';

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
  return given.type === 'TCP' ? { type: 'TCP', ...timing } : readHttp(given, timing, reader);
}

function readHttp(given: ActiveCheckSpec, timing: ActiveCheckTiming, reader: Reader): HttpCheck {
  const spec = { ...DEFAULTS.httpProbe, ...given };
  checkExpression(spec.expectedBody, reader);
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

/** The schema can not know whether an expression compiles, and a proxy that is pushed a bad one could only refuse everything. */
function checkExpression(expression: string | undefined, reader: Reader): void {
  if (expression === undefined) return;
  try {
    RE2JS.compile(expression);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    reader.fail(
      'InvalidExpression',
      `healthCheck.active.expectedBody is not a regular expression in RE2 syntax: ${fault(expression, error)}`,
    );
  }
}

/** `invalid escape sequence at "\\1" (character 7)`. The library names the faulty part, not its place: the first such part is shown. */
function fault(expression: string, error: RE2JSException): string {
  if (!(error instanceof RE2JSSyntaxException)) return error.message;
  const part = error.getPattern() ?? expression;
  const at = expression.indexOf(part);
  // The whole expression is named where something is missing at its end.
  if (part === expression || at === -1) return `${error.getDescription()} in "${expression.slice(0, MAX_QUOTED)}"`;
  return `${error.getDescription()} at "${part.slice(0, MAX_QUOTED)}" (character ${at + 1})`;
}

export function readPassive(given: PassiveCheckSpec | undefined, reader: Reader): PassiveCheck {
  const spec = { ...DEFAULTS.passive, ...given };
  return {
    consecutiveConnectFailures: spec.consecutiveConnectFailures,
    baseEjectionTime: reader.duration('healthCheck.passive.baseEjectionTime', spec.baseEjectionTime),
    maxEjectionPercent: spec.maxEjectionPercent,
  };
}
