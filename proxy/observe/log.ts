import { pino } from 'pino';
import type { Logger } from 'pino';
import type { HealthLog } from '../endpoints/health-log.ts';
import type { ListenerLog } from '../rejections.ts';
import type { LogOutput } from './log-output.ts';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;

export interface Logs {
  /** What happens to the proxy. */
  readonly log: Logger;
  /** Writes a line of the access log, at `info`: fields that are undefined are left out; at least one must not be. */
  readonly access: (fields: object) => void;
}

/** JSON lines, with the level as a word. No line has headers or bodies, since they may contain secrets. */
export function createLogs(level: string, pod: string, output: LogOutput): Logs {
  const formatters = { level: (word: string) => ({ level: word }) };
  const timestamp = isoTime();
  const log = pino({ level, formatters, base: { pod }, timestamp }, output.direct);
  output.onDropped = (lines) => log.warn({ lines }, 'lines of the log were dropped: standard output is not read fast enough');
  const base = `,"pod":${JSON.stringify(pod)},`;
  // The text that `log.info(fields)` makes, at less than half the cost: pino joins dozens of strings for such a line.
  const write = (fields: object) =>
    output.batched.write(`{"level":"info"${timestamp()}${base}${JSON.stringify(fields).slice(1)}\n`);
  return { log, access: log.isLevelEnabled('info') ? write : () => {} };
}

/** As `pino.stdTimeFunctions.isoTime`, but many lines have the same millisecond. */
function isoTime(): () => string {
  let [at, text] = [NaN, ''];
  return () => {
    const now = Date.now();
    if (now === at) return text;
    at = now;
    return (text = `,"time":"${new Date(now).toISOString()}"`);
  };
}

/** Logs health changes of endpoints, with evidence. */
export function createHealthLog(log: Logger): HealthLog {
  return {
    checked: (pool, { hashKey: endpoint }, healthy, evidence) => {
      const [from, to] = healthy ? ['unhealthy', 'healthy'] : ['healthy', 'unhealthy'];
      log.info({ pool, endpoint, from, to, evidence }, 'active check turned');
    },
    ejected: (pool, { hashKey: endpoint }, reason, evidence) =>
      log.warn({ pool, endpoint, reason, evidence }, 'endpoint ejected'),
    returned: (pool, { hashKey: endpoint }, how) => log.info({ pool, endpoint, how }, 'endpoint readmitted'),
    panic: (pool, on, healthy, of) =>
      log.warn({ pool, healthy, of }, on ? 'panic mode: too few endpoints are healthy, all are used' : 'panic mode ended'),
  };
}

/** Logs the policies that this proxy cannot serve, and when it can. */
export function createListenerLog(log: Logger): ListenerLog {
  return {
    rejected: ({ policy, listener: port, reason }) => log.warn({ policy, port, reason }, 'listener rejected'),
    accepted: (policy, port) => log.info({ policy, port }, 'rejected listener is served now'),
  };
}
