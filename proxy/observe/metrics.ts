/** Every metric of the proxy is declared here. Names and labels are used by dashboards and alerts outside: they are a contract. */
import Counter from 'prom-client/lib/counter.js';
import Gauge from 'prom-client/lib/gauge.js';
import { REJECT_REASONS } from '../control/control-metrics.ts';
import type { ControlMetrics, RejectReason } from '../control/control-metrics.ts';
import type { LocalReason } from '../message/local-replies.ts';
import { EJECTION_REASONS } from '../health/outlier-state.ts';
import type { Version } from '../snapshot/types.ts';
import { exposeAffinity } from './affinity-metrics.ts';
import type { CountingSet } from './affinity-metrics.ts';
import { column, expose, histogram, split } from './text-format.ts';
import type { Sample } from './text-format.ts';
import { exposePanic } from './panic-metrics.ts';
import type { PanickingSet } from './panic-metrics.ts';
import { exposeProcess } from './process-metrics.ts';
import { countBy, Registry } from './registry.ts';
import type { Metric } from './registry.ts';
import type { Family, Series } from '../metrics/series.ts';
import { ENDPOINT_SLOT, OUTCOMES, ROUTE_SLOT, RequestMetrics } from '../metrics/request-metrics.ts';
import { exposeZone } from './zone-metrics.ts';

/** Why requests and connections are refused before they have a route. */
const REFUSALS: readonly LocalReason[] = [
  'overflow',
  'loop',
  'bad-request',
  'method-not-allowed',
  'request-timeout',
  'content-too-large',
  'headers-too-large',
];

/** What is read off other parts when a scrape comes. */
export interface Gauges {
  readonly connections: () => Iterable<{ readonly port: number; readonly open: number }>;
  readonly upstream: () => { readonly opened: number; readonly reused: number };
  readonly endpointSets: () => Iterable<CountingSet & PanickingSet>;
  readonly zone: () => string;
  readonly rejectedListeners: () => Iterable<{ readonly policy: string; readonly listener: number }>;
}

export class Metrics implements ControlMetrics {
  readonly registry = new Registry();
  readonly requestMetrics: RequestMetrics;
  readonly #refused = countBy(
    this.registry,
    { name: 'outrigger_refused_total', help: 'Requests and connections refused at admission.' },
    'reason',
    REFUSALS,
  );
  readonly #snapshotRejected = countBy(
    this.registry,
    { name: 'outrigger_snapshot_rejected_total', help: 'Pushes that were not applied.' },
    'reason',
    REJECT_REASONS,
  );
  readonly #unchanged = new Counter({
    name: 'outrigger_snapshot_unchanged_total',
    help: 'Pushes of the snapshot in force.',
    registers: [this.registry.single],
  });
  readonly #unrouted = new Counter({
    name: 'outrigger_unrouted_total',
    help: 'Requests that match no policy.',
    registers: [this.registry.single],
  });
  readonly #appliedAt = new Gauge({
    name: 'outrigger_snapshot_applied_timestamp_seconds',
    help: 'Unix time at which the snapshot in force was applied; 0: there is none.',
    registers: [this.registry.single],
  });
  readonly #contactAt = new Gauge({
    name: 'outrigger_control_contact_timestamp_seconds',
    help: 'Unix time at which an operator last spoke, or at least of the start.',
    registers: [this.registry.single],
  });
  readonly #closeProcess: () => void;
  #version: Version | undefined;

  /** @param now monotonic milliseconds. */
  constructor(now: () => number, gauges: Gauges) {
    this.requestMetrics = new RequestMetrics(now);
    // The start counts, so that silence since then shows as well.
    this.onContact();
    this.#exposePolicies();
    this.#exposeEndpoints();
    this.#exposeSnapshot();
    this.#exposeGauges(gauges);
    this.#closeProcess = exposeProcess(this.registry);
  }

  onContact(): void {
    this.#contactAt.setToCurrentTime();
  }
  applied(version: Version): void {
    this.#version = version;
    this.#appliedAt.setToCurrentTime();
  }
  unchanged(): void {
    this.#unchanged.inc();
  }
  rejected(reason: RejectReason): void {
    this.#snapshotRejected.inc({ reason });
  }
  refused(reason: LocalReason): void {
    this.#refused.inc({ reason });
  }
  /** No policy matched a request. */
  unrouted(): void {
    this.#unrouted.inc();
  }
  /** Stops what runs by itself. */
  close(): void {
    this.#closeProcess();
  }

  /** Of a family: series that are gone linger in counters, for `rate()`; in gauges they would be untrue. */
  #register(type: Metric['type'], name: string, help: string, family: Family, read: SeriesReader): void {
    const full = `outrigger_${name}`;
    const which = () => (type === 'gauge' ? family.held() : family.retained(this.requestMetrics.now()));
    this.registry.register({ name: full, help, type, read: () => read(full, family, which()) });
  }

  #exposePolicies(): void {
    const t = this.requestMetrics;
    const histograms = (name: string, help: string, family: Family) => this.#register('histogram', name, help, family, histogram);
    const of = (type: Metric['type'], name: string, help: string, offset: number) =>
      this.#register(type, name, help, t.routes, (full, family, which) => column(full, family, which, offset));

    this.#register(
      'counter',
      'requests_total',
      'Requests answered, by status code; 499: the client left first.',
      t.requests,
      column,
    );
    histograms('request_duration_seconds', 'From the whole request head to the end of the response.', t.duration);
    histograms('first_byte_seconds', 'From the whole request head to the response head of a backend.', t.firstByte);
    histograms('connect_seconds', 'TCP connects to backends.', t.connect);
    this.#register('counter', 'local_answers_total', 'Requests that the proxy answered itself, by why.', t.localReplies, column);
    this.#register('counter', 'retries_total', 'Further tries, by what made them necessary.', t.retries, column);
    of(
      'counter',
      'retry_budget_exhausted_total',
      'Retries not made, because the budget was used up.',
      ROUTE_SLOT.budgetExhausted,
    );
    of('counter', 'overflow_total', 'Requests without room in line, or whose turn did not come in time.', ROUTE_SLOT.overflow);
    of('gauge', 'pending_requests', 'Requests that wait for their turn.', ROUTE_SLOT.pending);
    of('counter', 'fallback_total', 'Requests that went to the fallback.', ROUTE_SLOT.fallback);
    of('counter', 'client_aborts_total', 'Requests whose client left before the end.', ROUTE_SLOT.aborts);
    of('counter', 'responses_broken_total', 'Responses cut off after their head.', ROUTE_SLOT.broken);
    of('counter', 'no_endpoint_total', 'Requests for which no endpoint could be used.', ROUTE_SLOT.noEndpoint);
  }

  #exposeEndpoints(): void {
    const t = this.requestMetrics;
    const add = (type: Metric['type'], name: string, help: string, read: SeriesReader) =>
      this.#register(type, name, help, t.endpoints, read);
    const gauge = (name: string, help: string, offset: number) =>
      add('gauge', name, help, (full, family, which) => column(full, family, which, offset));
    const counts = (name: string, help: string, label: string, values: readonly string[], offset: number) =>
      add('counter', name, help, (full, family, which) => split(full, family, which, { label, values, offset }));

    counts('attempts_total', 'Tries on an endpoint, by how they ended.', 'outcome', OUTCOMES, 0);
    add('summary', 'endpoint_first_byte_seconds', 'From the start of a try to the response head of its endpoint.', firstByte);
    counts('ejections_total', 'Endpoints ejected.', 'reason', EJECTION_REASONS, ENDPOINT_SLOT.ejections);
    counts('health_checks_total', 'Active health checks.', 'result', ['passed', 'failed'], ENDPOINT_SLOT.checksPassed);
    gauge('endpoint_healthy', '1: may be picked as far as health goes.', ENDPOINT_SLOT.healthy);
    gauge('endpoint_active_requests', 'Requests in flight.', ENDPOINT_SLOT.active);
    gauge('endpoint_weight', 'Weight in balancing.', ENDPOINT_SLOT.weight);
    expose(this.registry, 'counter', 'outrigger_bytes_total', 'Body bytes from (in) and to (out) clients.', () => [
      { labels: { direction: 'in' }, value: t.bytesIn },
      { labels: { direction: 'out' }, value: t.bytesOut },
    ]);
  }

  #exposeSnapshot(): void {
    expose(this.registry, 'gauge', 'outrigger_snapshot_info', 'The snapshot in force.', () =>
      this.#version
        ? [{ labels: { epoch: String(this.#version.epoch), sequence: String(this.#version.sequence) }, value: 1 }]
        : [],
    );
  }

  #exposeGauges(g: Gauges): void {
    const add = (type: Metric['type'], name: string, help: string, read: () => Iterable<Sample>) =>
      expose(this.registry, type, `outrigger_${name}`, help, read);
    add('gauge', 'connections_active', 'Open client connections.', () =>
      [...g.connections()].map(({ port, open }) => ({ labels: { port: String(port) }, value: open })),
    );
    add('counter', 'upstream_connections_total', 'Connections to backends, opened or used again.', () => {
      const { opened, reused } = g.upstream();
      return [
        { labels: { state: 'opened' }, value: opened },
        { labels: { state: 'reused' }, value: reused },
      ];
    });
    exposeAffinity(this.registry, g.endpointSets);
    exposeZone(this.registry, g.zone, g.endpointSets);
    exposePanic(this.registry, g.endpointSets);
    add('gauge', 'listener_rejected', 'Listeners that this proxy can not serve.', () =>
      [...g.rejectedListeners()].map(({ policy, listener }) => {
        const [namespace = '', name = ''] = policy.split('/');
        return { labels: { namespace, policy: name, port: String(listener) }, value: 1 };
      }),
    );
  }
}

type SeriesReader = (name: string, family: Family, which: Iterable<Series>) => Iterable<string>;

function* firstByte(name: string, family: Family, which: Iterable<Series>): Generator<string> {
  for (const series of which) {
    const answered = family.read(series, OUTCOMES.indexOf('ok')) + family.read(series, OUTCOMES.indexOf('5xx'));
    const seconds = family.read(series, ENDPOINT_SLOT.answerMs) / 1000;
    yield `${name}_sum{${series.text}} ${seconds}\n${name}_count{${series.text}} ${answered}\n`;
  }
}
