/** The metrics of the request path, per policy and per endpoint: names, help and labels of the series in metrics/. */
import { EJECTION_REASONS } from '../health/outlier-state.ts';
import { ENDPOINT_SLOT, OUTCOMES } from '../metrics/endpoint-metrics.ts';
import type { RequestMetrics } from '../metrics/request-metrics.ts';
import { ROUTE_SLOT } from '../metrics/route-metrics.ts';
import type { Family, Series } from '../metrics/series.ts';
import type { Metric, Registry } from './registry.ts';
import { column, expose, histogram, split } from './text-format.ts';

type SeriesReader = (name: string, family: Family, which: Iterable<Series>) => Iterable<string>;

/** Registers one metric whose series are those of a family. */
type Register = (type: Metric['type'], name: string, help: string, family: Family, read: SeriesReader) => void;

export function exposeRequestSeries(registry: Registry, m: RequestMetrics): void {
  /** Released series stay in counters for a while, for `rate()`, but not in gauges, where their value would be wrong. */
  const register: Register = (type, name, help, family, read) => {
    const full = `outrigger_${name}`;
    const which = () => (type === 'gauge' ? family.held() : family.retained(m.now()));
    registry.register({ name: full, help, type, read: () => read(full, family, which()) });
  };
  exposePolicies(register, m);
  exposeEndpoints(register, m);
  expose(
    registry,
    'counter',
    'outrigger_bytes_total',
    'Bytes of bodies received from clients (in) and sent to them (out).',
    () => [
      { labels: { direction: 'in' }, value: m.bytesIn },
      { labels: { direction: 'out' }, value: m.bytesOut },
    ],
  );
}

function exposePolicies(register: Register, m: RequestMetrics): void {
  const histograms = (name: string, help: string, family: Family) => register('histogram', name, help, family, histogram);
  const of = (type: Metric['type'], name: string, help: string, offset: number) =>
    register(type, name, help, m.routes, (full, family, which) => column(full, family, which, offset));

  register('counter', 'requests_total', 'Requests answered, by status code; 499: the client left first.', m.requests, column);
  histograms('request_duration_seconds', 'Time from the complete request head to the end of the response.', m.duration);
  histograms('first_byte_seconds', 'Time from the complete request head to the response head of a backend.', m.firstByte);
  histograms('connect_seconds', 'Duration of TCP connects to backends.', m.connect);
  register('counter', 'local_answers_total', 'Requests that the proxy answered itself, by reason.', m.localReplies, column);
  register('counter', 'retries_total', 'Retries, by the reason for them.', m.retries, column);
  of('counter', 'retry_budget_exhausted_total', 'Retries not made because the budget was exhausted.', ROUTE_SLOT.budgetExhausted);
  of('counter', 'overflow_total', 'Requests refused because the queue was full or the wait was too long.', ROUTE_SLOT.overflow);
  of('gauge', 'pending_requests', 'Requests waiting in the queue.', ROUTE_SLOT.pending);
  of('counter', 'fallback_total', 'Requests sent to the fallback.', ROUTE_SLOT.fallback);
  of('counter', 'client_aborts_total', 'Requests whose client left before the end.', ROUTE_SLOT.aborts);
  of('counter', 'responses_broken_total', 'Responses cut off after their head.', ROUTE_SLOT.broken);
  of('counter', 'no_endpoint_total', 'Requests for which no endpoint was usable.', ROUTE_SLOT.noEndpoint);
}

function exposeEndpoints(register: Register, m: RequestMetrics): void {
  const add = (type: Metric['type'], name: string, help: string, read: SeriesReader) =>
    register(type, name, help, m.endpoints, read);
  const gauge = (name: string, help: string, offset: number) =>
    add('gauge', name, help, (full, family, which) => column(full, family, which, offset));
  const counts = (name: string, help: string, label: string, values: readonly string[], offset: number) =>
    add('counter', name, help, (full, family, which) => split(full, family, which, { label, values, offset }));

  counts('attempts_total', 'Attempts on an endpoint, by outcome.', 'outcome', OUTCOMES, 0);
  add('summary', 'endpoint_first_byte_seconds', 'Time from the start of an attempt to the response head.', firstByte);
  counts('ejections_total', 'Ejections of an endpoint, by reason.', 'reason', EJECTION_REASONS, ENDPOINT_SLOT.ejections);
  counts('health_checks_total', 'Active health checks, by result.', 'result', ['passed', 'failed'], ENDPOINT_SLOT.checksPassed);
  gauge('endpoint_healthy', '1: healthy and not ejected.', ENDPOINT_SLOT.healthy);
  gauge('endpoint_active_requests', 'Requests in flight.', ENDPOINT_SLOT.active);
  gauge('endpoint_weight', 'Effective weight in load balancing.', ENDPOINT_SLOT.weight);
}

function* firstByte(name: string, family: Family, which: Iterable<Series>): Generator<string> {
  for (const series of which) {
    const answered = family.read(series, OUTCOMES.indexOf('ok')) + family.read(series, OUTCOMES.indexOf('5xx'));
    const seconds = family.read(series, ENDPOINT_SLOT.answerMs) / 1000;
    yield `${name}_sum{${series.text}} ${seconds}\n${name}_count{${series.text}} ${answered}\n`;
  }
}
