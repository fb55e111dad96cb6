/** Every metric of the proxy is declared here. Names and labels are used by dashboards and alerts outside: they are a contract. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import Counter from 'prom-client/lib/counter.js';
import Gauge from 'prom-client/lib/gauge.js';
import Registry from 'prom-client/lib/registry.js';
import type { ControlMetrics, RejectReason } from '../control/seam.ts';
import type { LocalReason } from '../exchange/seam.ts';
import { EJECTION_REASONS } from '../health/suspect.ts';
import type { Version } from '../snapshot/types.ts';
import { exposeAffinity } from './affinity.ts';
import type { CountingPool } from './affinity.ts';
import { expose, histogramSamples } from './expose.ts';
import type { Sample } from './expose.ts';
import { exposePanic } from './panic.ts';
import type { PanickyPool } from './panic.ts';
import type { Family } from './series.ts';
import { ENDPOINT, OUTCOMES, ROUTE, Traffic } from './traffic.ts';
import { exposeZone } from './zone.ts';

/** What is read off other parts when a scrape comes. */
export interface Gauges {
  readonly connections: () => Iterable<{ readonly port: number; readonly open: number }>;
  readonly upstream: () => { readonly opened: number; readonly reused: number };
  readonly pools: () => Iterable<CountingPool & PanickyPool>;
  readonly zone: () => string;
  readonly rejectedListeners: () => Iterable<{ readonly policy: string; readonly listener: number }>;
}

export class Metrics implements ControlMetrics {
  readonly registry = new Registry();
  readonly traffic: Traffic;
  #refused: Counter<'reason'>;
  #snapshotRejected: Counter<'reason'>;
  #unchanged: Counter;
  #appliedAt: Gauge;
  #version: Version | undefined;
  #delay = monitorEventLoopDelay({ resolution: 20 });

  /** @param now monotonic milliseconds. */
  constructor(now: () => number, gauges: Gauges) {
    this.traffic = new Traffic(now);
    const registers = [this.registry];
    this.#refused = new Counter({
      name: 'outrigger_refused_total',
      help: 'Requests and connections refused at admission.',
      labelNames: ['reason'],
      registers,
    });
    this.#snapshotRejected = new Counter({
      name: 'outrigger_snapshot_rejected_total',
      help: 'Pushes that were not applied.',
      labelNames: ['reason'],
      registers,
    });
    this.#unchanged = new Counter({
      name: 'outrigger_snapshot_unchanged_total',
      help: 'Pushes of the snapshot in force.',
      registers,
    });
    this.#appliedAt = new Gauge({
      name: 'outrigger_snapshot_applied_timestamp_seconds',
      help: 'Unix time at which the snapshot in force was applied.',
      registers,
    });
    this.#exposeTraffic(now);
    this.#exposeGauges(gauges);
    this.#delay.enable();
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
  /** Stops what runs by itself. */
  close(): void {
    this.#delay.disable();
  }

  #exposeTraffic(now: () => number): void {
    const t = this.traffic;
    const counter = (name: string, help: string, read: () => Iterable<Sample>) =>
      expose(this.registry, 'counter', `outrigger_${name}`, help, read);
    const gauge = (name: string, help: string, read: () => Iterable<Sample>) =>
      expose(this.registry, 'gauge', `outrigger_${name}`, help, read);
    const histogram = (name: string, help: string, family: Family) =>
      expose(this.registry, 'histogram', `outrigger_${name}`, help, () => histogramSamples(`outrigger_${name}`, family, now()));

    counter('requests_total', 'Requests answered, by status code; 499: the client left first.', () =>
      column(t.requests, 0, now()),
    );
    histogram('request_duration_seconds', 'From the whole request head to the end of the response.', t.duration);
    histogram('first_byte_seconds', 'From the whole request head to the response head of a backend.', t.firstByte);
    histogram('connect_seconds', 'TCP connects to backends.', t.connect);
    counter('attempts_total', 'Tries on an endpoint, by how they ended.', () => attempts(t.endpoints, now()));
    counter('retries_total', 'Further tries, by what made them necessary.', () => column(t.retries, 0, now()));
    counter('retry_budget_exhausted_total', 'Retries that were not made, because the budget was used up.', () =>
      column(t.routes, ROUTE.budgetExhausted, now()),
    );
    counter('overflow_total', 'Requests that found no room in line, or whose turn did not come in time.', () =>
      column(t.routes, ROUTE.overflow, now()),
    );
    gauge('pending_requests', 'Requests that wait for their turn.', () => present(t.routes, ROUTE.pending));
    counter('fallback_total', 'Requests that went to the fallback.', () => column(t.routes, ROUTE.fallback, now()));
    counter('client_aborts_total', 'Requests whose client left before the end.', () => column(t.routes, ROUTE.aborts, now()));
    counter('responses_broken_total', 'Responses cut off after their head.', () => column(t.routes, ROUTE.broken, now()));
    counter('no_endpoint_total', 'Requests for which no endpoint could be used.', () =>
      column(t.routes, ROUTE.noEndpoint, now()),
    );
    counter('ejections_total', 'Endpoints ejected.', () => ejections(t.endpoints, now()));
    counter('health_checks_total', 'Active health checks.', () => healthChecks(t.endpoints, now()));
    gauge('endpoint_healthy', '1: may be picked as far as health goes.', () => present(t.endpoints, ENDPOINT.healthy));
    gauge('endpoint_active_requests', 'Requests in flight.', () => present(t.endpoints, ENDPOINT.active));
    gauge('endpoint_weight', 'Weight in balancing.', () => present(t.endpoints, ENDPOINT.weight));
    counter('bytes_total', 'Body bytes from (in) and to (out) clients.', () => [
      { labels: { direction: 'in' }, value: t.bytesIn },
      { labels: { direction: 'out' }, value: t.bytesOut },
    ]);
  }

  #exposeGauges(g: Gauges): void {
    const gauge = (name: string, help: string, read: () => Iterable<Sample>) =>
      expose(this.registry, 'gauge', `outrigger_${name}`, help, read);
    gauge('connections_active', 'Open client connections.', () =>
      [...g.connections()].map(({ port, open }) => ({ labels: { port: String(port) }, value: open })),
    );
    expose(
      this.registry,
      'counter',
      'outrigger_upstream_connections_total',
      'Connections to backends, opened or used again.',
      () => {
        const { opened, reused } = g.upstream();
        return [
          { labels: { state: 'opened' }, value: opened },
          { labels: { state: 'reused' }, value: reused },
        ];
      },
    );
    exposeAffinity(this.registry, g.pools);
    exposeZone(this.registry, g.zone, g.pools);
    exposePanic(this.registry, g.pools);
    gauge('listener_rejected', 'Listeners that this proxy can not serve.', () =>
      [...g.rejectedListeners()].map(({ policy, listener }) => {
        const [namespace = '', name = ''] = policy.split('/');
        return { labels: { namespace, policy: name, port: String(listener) }, value: 1 };
      }),
    );
    gauge('snapshot_info', 'The snapshot in force.', () =>
      this.#version
        ? [{ labels: { epoch: String(this.#version.epoch), sequence: String(this.#version.sequence) }, value: 1 }]
        : [],
    );
    gauge('event_loop_delay_seconds', 'How late the event loop is, since the last scrape.', () => this.#eventLoopDelay());
  }

  #eventLoopDelay(): Sample[] {
    const delay = this.#delay;
    const samples = [0.5, 0.99].map((q) => ({ labels: { quantile: String(q) }, value: delay.percentile(q * 100) / 1e9 }));
    samples.push({ labels: { quantile: '1' }, value: delay.max / 1e9 });
    delay.reset();
    return samples;
  }
}

function* column(family: Family, offset: number, now: number): Generator<Sample> {
  for (const series of family.live(now)) yield { labels: series.labels, value: family.read(series, offset) };
}

function* present(family: Family, offset: number): Generator<Sample> {
  for (const series of family.held()) yield { labels: series.labels, value: family.read(series, offset) };
}

function* attempts(family: Family, now: number): Generator<Sample> {
  for (const series of family.live(now)) {
    for (const [i, outcome] of OUTCOMES.entries()) {
      const value = family.read(series, i);
      // `ok` is always there, so that a rate over all outcomes is never without a series.
      if (value > 0 || i === 0) yield { labels: { ...series.labels, outcome }, value };
    }
  }
}

function* ejections(family: Family, now: number): Generator<Sample> {
  for (const series of family.live(now)) {
    for (const [i, reason] of EJECTION_REASONS.entries()) {
      const value = family.read(series, ENDPOINT.ejections + i);
      // One is always there, so that a rate over all reasons is never without a series.
      if (value > 0 || i === 0) yield { labels: { ...series.labels, reason }, value };
    }
  }
}

function* healthChecks(family: Family, now: number): Generator<Sample> {
  for (const series of family.live(now)) {
    for (const [result, slot] of [
      ['passed', ENDPOINT.checksPassed],
      ['failed', ENDPOINT.checksFailed],
    ] as const) {
      const value = family.read(series, slot);
      if (value > 0) yield { labels: { ...series.labels, result }, value };
    }
  }
}
