/**
 * The access log: one flat JSON line for each request. Names are those of OpenTelemetry's semantic conventions, version 1.45.0
 * (registries `http`, `url`, `client`, `server`, `network`, `user_agent`; trace context in non-OTLP log formats), where there is one;
 * docs/monitoring.md describes every field. Of header fields, only User-Agent and the ids of traceparent are logged.
 */
import { redactQuery } from './redact-query.ts';
import { readTraceContext } from './trace-context.ts';
import type { EarlyReply } from '../message/early-reply.ts';
import type { RequestHead } from '../message/request-head.ts';
import type { RequestRecord } from '../request/request-record.ts';
import type { AccessLog } from '../snapshot/types.ts';

/** Characters of User-Agent that are logged. */
const MAX_USER_AGENT = 256;
/** Characters of a path, a query and a target that are logged; of requests without a policy, which anyone can send, of a path. */
const MAX_TEXT = 4096;
const MAX_UNROUTED_PATH = 1024;

export interface AccessLogSettings {
  /** Writes the fields of a line; those that are undefined are left out. */
  readonly write: (fields: object) => void;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** The share of requests without a route that are logged, 0-100. */
  readonly unroutedPercent: number;
}

export interface AccessLogWriter {
  /** A request is over. */
  readonly record: (r: RequestRecord) => void;
  /** A reply was sent before there was an exchange. */
  readonly replied: (r: EarlyReply) => void;
}

/** Lines of requests that match a policy are written as it says; those of others as the settings say, without queries. */
export function createAccessLog({ write, random, unroutedPercent }: AccessLogSettings): AccessLogWriter {
  const chosen = (percent: number) => percent > 0 && (percent >= 100 || random() * 100 < percent);
  return {
    record: (r) => {
      const wanted = r.route?.route.accessLog;
      if (!chosen(wanted ? (wanted.enabled ? wanted.samplePercent : 0) : unroutedPercent)) return;
      write(lineOf(r, wanted?.query));
    },
    replied: (r) => {
      if (chosen(unroutedPercent)) write(earlyLineOf(r));
    },
  };
}

/** The fields of a line. */
function lineOf(r: RequestRecord, query: AccessLog['query']): object {
  const { exchange: x, end } = r;
  const { request } = x;
  const trace = readTraceContext(request.fields);
  const omit = query !== 'Include';
  return {
    access: true,
    policy: r.route?.route.policy,
    'http.route': r.matched,
    'client.address': x.clientAddress,
    'http.request.method': request.method,
    'url.scheme': request.scheme,
    'server.address': request.host === '' ? undefined : request.host,
    'url.path': request.path.slice(0, r.route ? MAX_TEXT : MAX_UNROUTED_PATH),
    'url.query': omit ? undefined : queryOf(request.target),
    'url.original': originalOf(request, omit)?.slice(0, r.route ? MAX_TEXT : MAX_UNROUTED_PATH),
    'network.protocol.version': x.protocolVersion,
    'user_agent.original': request.fields.get('user-agent')?.slice(0, MAX_USER_AGENT),
    'http.response.status_code': r.status,
    reason: r.reason,
    endpoint: r.endpoint?.hashKey,
    tries: r.tries,
    end: end.how,
    'http.request.body.size': end.bytesIn,
    'http.response.body.size': end.bytesOut,
    durationMs: rounded(r.durationMs),
    upstreamMs: r.upstreamMs === undefined ? undefined : rounded(r.upstreamMs),
    requestId: x.requestId,
    trace_id: trace?.traceId,
    span_id: trace?.spanId,
  };
}

function earlyLineOf({ peer, request, status, reason, bytesOut }: EarlyReply): object {
  return {
    access: true,
    'client.address': peer,
    'http.request.method': request?.method,
    'url.path': request && pathOf(request.target),
    'network.protocol.version': request?.protocolVersion,
    'http.response.status_code': status,
    reason,
    'http.response.body.size': bytesOut,
  };
}

function queryOf(target: string): string | undefined {
  const mark = target.indexOf('?');
  return mark < 0 || mark === target.length - 1 ? undefined : redactQuery(target.slice(mark + 1)).slice(0, MAX_TEXT);
}

/** The target as the client sent it, where that is not what is forwarded. */
function originalOf({ receivedTarget: received, target }: RequestHead, omit: boolean): string | undefined {
  if (received === target) return undefined;
  const mark = received.indexOf('?');
  if (mark < 0) return received;
  const path = received.slice(0, mark);
  return omit ? path : `${path}?${redactQuery(received.slice(mark + 1))}`;
}

/** The path of a target that was not accepted; undefined: it has none. */
function pathOf(target: string): string | undefined {
  const path = target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '');
  return path.startsWith('/') || path === '*' ? path.slice(0, MAX_UNROUTED_PATH) : undefined;
}

/** To microseconds. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
