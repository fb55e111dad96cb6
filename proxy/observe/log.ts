import { pino } from 'pino';
import type { Logger } from 'pino';
import type { HealthLog } from '../endpoints/health-log.ts';
import type { ListenerLog } from '../rejections.ts';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;

/** JSON lines on standard output, with the level as a word. No line has headers or bodies, since they may contain secrets. */
export function createLog(level: string, pod: string): Logger {
  const formatters = { level: (word: string) => ({ level: word }) };
  return pino({ level, formatters, base: { pod }, timestamp: pino.stdTimeFunctions.isoTime });
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
