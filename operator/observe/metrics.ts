/**
 * Every metric of the operator is declared here, in policy-metrics.ts or in process-metrics.ts. Names and labels are used by dashboards
 * and alerts outside: they are a contract.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { FleetMetrics } from '../push/fleet-types.ts';
import type { WriteResult } from '../service/service-writer.ts';
import type { WebhookMetrics } from '../inject/webhook.ts';
import type { Readiness } from '../status/status-writer.ts';
import { exposePolicies } from './policy-metrics.ts';
import { exposeProcess } from './process-metrics.ts';

type PushResult = Parameters<FleetMetrics['pushed']>[0];
type InjectionResult = Parameters<WebhookMetrics['injected']>[0];

/** Exposed as 0 from the start, so that a rate includes the first increment. */
const INJECTIONS = { injected: 0, unchanged: 0, refused: 0, invalid: 0 } satisfies Record<InjectionResult, 0>;
const WRITES = { applied: 0, deleted: 0, failed: 0 } satisfies Record<WriteResult, 0>;
const RESULTS = { acked: 0, missing: 0, conflict: 0, stale: 0, unauthorized: 0, invalid: 0, failed: 0 } satisfies Record<
  PushResult,
  0
>;

/** Seconds. A reconciliation only computes; a propagation includes the network. */
const RECONCILE_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const PROPAGATION_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5, 10, 30, 60];

export class Metrics implements FleetMetrics, WebhookMetrics {
  readonly registry = new Registry();
  readonly #registers = [this.registry];
  readonly #reconcile = new Histogram({
    name: 'outrigger_operator_reconcile_duration_seconds',
    help: 'Time to translate everything and hand it over to push and status.',
    buckets: RECONCILE_BUCKETS,
    registers: this.#registers,
  });
  readonly #pushes = new Counter({
    name: 'outrigger_operator_pushes_total',
    help: 'Snapshots pushed, by the outcome.',
    labelNames: ['result'],
    registers: this.#registers,
  });
  readonly #propagation = new Histogram({
    name: 'outrigger_operator_propagation_seconds',
    help: 'From when a change was first seen until every Ready proxy has acknowledged it.',
    buckets: PROPAGATION_BUCKETS,
    registers: this.#registers,
  });
  readonly #proxies = new Gauge({
    name: 'outrigger_operator_proxies',
    help: 'Proxies: current has its content, pending does not yet, failing failed last time.',
    labelNames: ['state'],
    registers: this.#registers,
  });
  readonly #skew = new Gauge({
    name: 'outrigger_operator_clock_skew_seconds',
    help: 'The largest difference between a clock of a proxy and ours; 0 while no proxy refuses a token for it.',
    registers: this.#registers,
  });
  readonly #leader = new Gauge({
    name: 'outrigger_operator_leader',
    help: '1 while this process holds the Lease.',
    registers: this.#registers,
  });
  readonly #epoch = new Gauge({
    name: 'outrigger_operator_epoch',
    help: 'The epoch of the last term of this process.',
    registers: this.#registers,
  });
  readonly #lastContact = new Gauge({
    name: 'outrigger_operator_watch_last_event_timestamp_seconds',
    help: 'When a list, event or bookmark of a kind last arrived from the API server.',
    labelNames: ['kind'],
    registers: this.#registers,
  });
  readonly #restarts = new Counter({
    name: 'outrigger_operator_watch_restarts_total',
    help: 'Lists and watches that failed and were tried again.',
    labelNames: ['kind'],
    registers: this.#registers,
  });

  readonly #outdated = new Gauge({
    name: 'outrigger_operator_crd_outdated',
    help: '1 while the installed CustomResourceDefinition is older than the one that the operator was built for.',
    registers: this.#registers,
  });
  readonly #serviceWrites = new Counter({
    name: 'outrigger_operator_gateway_service_writes_total',
    help: "Writes of the gateways' Service, by the outcome.",
    labelNames: ['result'],
    registers: this.#registers,
  });
  readonly #injections = new Counter({
    name: 'outrigger_operator_injections_total',
    help: 'Pods that the webhook reviewed, by its answer.',
    labelNames: ['result'],
    registers: this.#registers,
  });
  readonly #webhookCertificate = new Gauge({
    name: 'outrigger_operator_webhook_certificate_expiry_timestamp_seconds',
    help: 'When the certificate that the webhook serves ends; 0 without a webhook.',
    registers: this.#registers,
  });
  readonly #uninjected = new Gauge({
    name: 'outrigger_operator_pods_not_injected',
    help: 'Pods that ask for a sidecar and run without one; 0 while another operator leads.',
    registers: this.#registers,
  });

  #readiness: () => Iterable<Readiness> = () => [];

  constructor() {
    for (const result of Object.keys(RESULTS)) this.#pushes.inc({ result }, 0);
    for (const result of Object.keys(INJECTIONS)) this.#injections.inc({ result }, 0);
    for (const result of Object.keys(WRITES)) this.#serviceWrites.inc({ result }, 0);
    this.proxies({ current: 0, pending: 0, failing: 0 });
    exposePolicies(this.registry, () => this.#readiness());
    exposeProcess(this.registry);
  }

  /** @param readiness asked at each scrape from now on */
  policies(readiness: () => Iterable<Readiness>): void {
    this.#readiness = readiness;
  }

  reconciled(seconds: number): void {
    this.#reconcile.observe(seconds);
  }

  pushed(result: PushResult): void {
    this.#pushes.inc({ result });
  }

  propagated(seconds: number): void {
    this.#propagation.observe(seconds);
  }

  proxies(counts: Parameters<FleetMetrics['proxies']>[0]): void {
    for (const [state, count] of Object.entries(counts)) this.#proxies.set({ state }, count);
  }

  skew(seconds: number): void {
    this.#skew.set(seconds);
  }

  leads(epoch: number | undefined): void {
    this.#leader.set(epoch === undefined ? 0 : 1);
    if (epoch !== undefined) this.#epoch.set(epoch);
  }

  outdated(outdated: boolean): void {
    this.#outdated.set(outdated ? 1 : 0);
  }

  wroteService(result: WriteResult): void {
    this.#serviceWrites.inc({ result });
  }

  injected(result: InjectionResult): void {
    this.#injections.inc({ result });
  }

  webhookCertificate(expiry: number): void {
    this.#webhookCertificate.set(expiry);
  }

  uninjected(pods: number): void {
    this.#uninjected.set(pods);
  }

  /** @param now unix seconds */
  contact(kind: string, now: number): void {
    this.#lastContact.set({ kind }, now);
    this.#restarts.inc({ kind }, 0);
  }

  restarted(kind: string): void {
    this.#restarts.inc({ kind });
  }
}
