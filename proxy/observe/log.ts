import { pino } from 'pino';
import type { Logger } from 'pino';
import type { HealthLog } from '../endpoints/health-log.ts';
import type { ListenerLog } from '../rejections.ts';
import type { RequestRecord } from '../request/request-record.ts';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;

/** JSON lines on standard output. Never logs headers or bodies, since they may contain secrets. */
export function createLog(level: string, pod: string): Logger {
  return pino({ level, base: { pod }, timestamp: pino.stdTimeFunctions.isoTime });
}

/** Writes one line per request if the policy enables the access log, for the configured share of requests. */
export function createAccessLog(log: Logger, random: () => number): (r: RequestRecord) => void {
  return (r) => {
    const wanted = r.route?.route.accessLog;
    if (wanted?.enabled !== true || (wanted.samplePercent < 100 && random() * 100 >= wanted.samplePercent)) return;
    const { request, clientAddress, requestId } = r.exchange;
    log.info({
      access: true,
      policy: r.route?.route.policy,
      client: clientAddress,
      method: request.method,
      host: request.host,
      path: request.path,
      status: r.status,
      reason: r.reason,
      endpoint: r.endpoint?.hashKey,
      tries: r.tries,
      end: r.end.how,
      bytesIn: r.end.bytesIn,
      bytesOut: r.end.bytesOut,
      ms: Math.round(r.durationMs * 1000) / 1000,
      requestId,
    });
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
