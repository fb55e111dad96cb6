/** All metrics of the proxy. Dashboards and alerts use their names and labels: they must not change. */
import Counter from 'prom-client/lib/counter.js';
import Gauge from 'prom-client/lib/gauge.js';
import { REJECT_REASONS } from '../control/control-metrics.ts';
import type { ControlMetrics, RejectReason } from '../control/control-metrics.ts';
import type { EarlyReply } from '../message/early-reply.ts';
import type { End } from '../message/exchange.ts';
import type { LocalReason } from '../message/local-replies.ts';
import type { Version } from '../snapshot/types.ts';
import { exposeAffinity } from './affinity-metrics.ts';
import type { CountingSet } from './affinity-metrics.ts';
import { exposeRequestSeries } from './request-series.ts';
import { expose } from './text-format.ts';
import type { Sample } from './text-format.ts';
import { exposePanic } from './panic-metrics.ts';
import type { PanickingSet } from './panic-metrics.ts';
import { exposeProcess } from './process-metrics.ts';
import { countBy, Registry } from './registry.ts';
import type { Metric } from './registry.ts';
import { RequestMetrics } from '../metrics/request-metrics.ts';
import { exposeZone } from './zone-metrics.ts';

/** Reasons for refusing requests and connections before routing. */
const REFUSALS: readonly LocalReason[] = [
  'overflow',
  'loop',
  'bad-request',
  'method-not-allowed',
  'request-timeout',
  'content-too-large',
  'headers-too-large',
];

/** Values that other parts provide for each scrape. */
export interface MetricSources {
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
    { name: 'outrigger_refused_total', help: 'Requests and connections refused before routing.' },
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
    help: 'Pushes of the snapshot that was in force already.',
    registers: [this.registry.single],
  });
  readonly #unrouted = new Counter({
    name: 'outrigger_unrouted_total',
    help: 'Requests that matched no policy.',
    registers: [this.registry.single],
  });
  readonly #appliedAt = new Gauge({
    name: 'outrigger_snapshot_applied_timestamp_seconds',
    help: 'Unix time at which the snapshot in force was applied; 0: none.',
    registers: [this.registry.single],
  });
  readonly #contactAt = new Gauge({
    name: 'outrigger_control_contact_timestamp_seconds',
    help: 'Unix time of the last authenticated request of an operator, or of the start of the proxy.',
    registers: [this.registry.single],
  });
  readonly #closeProcess: () => void;
  #version: Version | undefined;

  /** @param now monotonic milliseconds. */
  constructor(now: () => number, gauges: MetricSources) {
    this.requestMetrics = new RequestMetrics(now);
    // The start counts as contact, so that silence since the start is visible.
    this.onContact();
    exposeRequestSeries(this.registry, this.requestMetrics);
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
  /** A connection was refused, with or without a reply. */
  refused(reason: LocalReason): void {
    this.#refused.inc({ reason });
  }
  /** A reply was sent before a policy was looked up. */
  replied({ reason, bytesOut }: EarlyReply): void {
    if (reason !== undefined) this.refused(reason);
    this.requestMetrics.bytesOut += bytesOut;
  }
  /** No policy matched a request. */
  unrouted({ bytesIn, bytesOut }: End): void {
    this.#unrouted.inc();
    this.requestMetrics.bytesIn += bytesIn;
    this.requestMetrics.bytesOut += bytesOut;
  }
  /** Stops background measurement. */
  close(): void {
    this.#closeProcess();
  }

  #exposeSnapshot(): void {
    expose(this.registry, 'gauge', 'outrigger_snapshot_info', 'The snapshot in force.', () =>
      this.#version
        ? [{ labels: { epoch: String(this.#version.epoch), sequence: String(this.#version.sequence) }, value: 1 }]
        : [],
    );
  }

  #exposeGauges(g: MetricSources): void {
    const add = (type: Metric['type'], name: string, help: string, read: () => Iterable<Sample>) =>
      expose(this.registry, type, `outrigger_${name}`, help, read);
    add('gauge', 'connections_active', 'Open client connections.', () =>
      [...g.connections()].map(({ port, open }) => ({ labels: { port: String(port) }, value: open })),
    );
    add('counter', 'upstream_connections_total', 'Connections to backends, by whether they were opened or reused.', () => {
      const { opened, reused } = g.upstream();
      return [
        { labels: { state: 'opened' }, value: opened },
        { labels: { state: 'reused' }, value: reused },
      ];
    });
    exposeAffinity(this.registry, g.endpointSets);
    exposeZone(this.registry, g.zone, g.endpointSets);
    exposePanic(this.registry, g.endpointSets);
    add('gauge', 'listener_rejected', '1: this proxy cannot serve the listener of the policy.', () =>
      [...g.rejectedListeners()].map(({ policy, listener }) => {
        const [namespace = '', name = ''] = policy.split('/');
        return { labels: { namespace, policy: name, port: String(listener) }, value: 1 };
      }),
    );
  }
}
