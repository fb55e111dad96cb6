/** The composition of the operator: every stage is made here and connected to the others. Decides nothing. */
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { createUninjectedPods, type UninjectedPods } from './inject/uninjected-pods.ts';
import { createWebhook, type Webhook } from './inject/webhook.ts';
import type { KubeClient } from './kube/client.ts';
import { createEventRecorder } from './kube/event-recorder.ts';
import { createFindingReporter, type FindingReporter } from './kube/finding-reporter.ts';
import { createElection, type Election } from './leader/election.ts';
import type { Candidate } from './leader/lease.ts';
import type { Metrics } from './observe/metrics.ts';
import type { Watchdog } from './observe/watchdog.ts';
import type { Fleet, KeyDistribution } from './push/fleet-types.ts';
import { createFleet } from './push/fleet.ts';
import { createProxyClient, podOrigin } from './push/proxy-client.ts';
import { createReconciler, type Reconciler } from './reconcile.ts';
import { createGatewayService, type GatewayService, type GatewayServiceOptions } from './service/gateway-service.ts';
import { createKeyRotation, type KeyRotation } from './signing-keys/key-rotation.ts';
import type { SigningKeys } from './signing-keys/key-secret.ts';
import { createStatusWriter, type StatusWriter } from './status/status-writer.ts';
import { findInvalidAnnotations } from './translate/invalid-annotations.ts';
import { translate } from './translate/translate.ts';
import { createInventory, type InventorySource } from './watch/inventory.ts';
import type { ReflectorReport } from './watch/reflector.ts';

/** What all stages share. */
export interface Context {
  readonly config: Config;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly watchdog: Watchdog;
  readonly client: KubeClient;
  readonly candidate: Candidate;
  readonly signal: AbortSignal;
  /** Why the operator is not ready; undefined: it is. */
  notReady: () => string | undefined;
}

export interface Stages {
  readonly inventory: InventorySource;
  readonly fleet: Fleet;
  readonly status: StatusWriter;
  readonly gateway: GatewayService | undefined;
  readonly reconciler: Reconciler;
  readonly election: Election;
  readonly rotation: KeyRotation;
  /** Absent without `--sidecar-config`. */
  readonly webhook: Webhook | undefined;
  readonly uninjected: UninjectedPods;
  readonly annotations: FindingReporter;
  /** Resolves when every collection has been listed once. */
  readonly synced: Promise<void>;
}

/** Makes all stages; starts none. */
export function wire(context: Context, keys: SigningKeys): Stages {
  const { client, config, log, metrics, candidate } = context;
  const report = reportOf(context);
  const election = createElection({
    ...{ client, candidate, log, report },
    leadershipChanged(epoch) {
      log.info({ epoch }, epoch === undefined ? 'the term has ended' : 'leading');
      metrics.leads(epoch);
      reconciler.setEpoch(epoch);
      rotation.reconcile();
      webhook?.reconcile();
      uninjected.reconcile();
      annotations.reconcile();
    },
  });
  const { leader } = election;
  const synced = Promise.withResolvers<void>();
  const inventory = createInventory({
    client,
    report: election.report,
    changed() {
      if (inventory.ready) synced.resolve();
      reconciler.inventoryChanged();
      uninjected.reconcile();
      annotations.reconcile();
    },
    random: Math.random,
  });
  const leading = (): boolean => leader.leading;
  const events = createEventRecorder({
    client,
    instance: candidate.identity,
    terminating: (namespace) => inventory.current().terminatingNamespaces.has(namespace),
    now: Date.now,
  });
  const fleet = wireFleet(context, keys, leading, {
    changed() {
      reconciler.fleetChanged();
      rotation.reconcile();
    },
    fenced(current) {
      log.warn({ current }, 'a proxy has a higher version: acquiring the Lease again with a higher epoch');
      leader.acquireAbove(current.epoch);
    },
  });
  let { trustedKeys } = keys;
  const distribution: KeyDistribution = {
    setKeys(next) {
      ({ trustedKeys } = next);
      fleet.setKeys(next);
    },
    proxiesMissingKey: (publicKey) => fleet.proxiesMissingKey(publicKey),
  };
  const rotation = createKeyRotation({ client, config, log, report: election.report, distribution, leading });
  const status = createStatusWriter({
    client,
    leading,
    instance: candidate.identity,
    failed: (policy, error) => log.warn({ policy, error: error.message }, 'status could not be written'),
    random: Math.random,
    now: Date.now,
  });
  metrics.policies(() => status.readiness());
  const settings = { namespace: config.namespace, ...(config.gateway && { allowed: config.gateway.allowed }) };
  const gateway = wireService(context, { leading, events, due: () => reconciler.inventoryChanged() });
  const reconciler = createReconciler({
    translate: (known, previous) => translate(known, settings, previous),
    inventory: () => (inventory.ready ? inventory.current() : undefined),
    fleet,
    status,
    ...(gateway && { gateway }),
    unixNow: Date.now,
    reconciled: (seconds) => metrics.reconciled(seconds),
    proxyError: (proxy, error) =>
      error === undefined
        ? log.info({ proxy }, 'proxy answers again')
        : log.warn({ proxy, error }, 'proxy cannot be brought up to date, and is tried again'),
  });
  const webhook = wireWebhook(context, report, leading, () => trustedKeys);
  const uninjected = createUninjectedPods({
    ...{ client, report, leading, events, random: Math.random },
    labelled: () => inventory.current().proxyPods.values(),
    count: (pods) => metrics.uninjected(pods),
    failed: warn(log, 'the Event of a Pod without its sidecar could not be written and is tried again'),
  });
  const annotations = createFindingReporter({
    ...{ leading, events },
    find: () => (inventory.ready ? findInvalidAnnotations(inventory.current()) : []),
    failed: warn(log, 'the Event of an annotation that cannot be read could not be written and is tried again'),
  });
  return {
    inventory,
    fleet,
    status,
    gateway,
    reconciler,
    election,
    rotation,
    webhook,
    uninjected,
    annotations,
    synced: synced.promise,
  };
}

/** Undefined without `--gateway-config`. */
function wireService(
  { client, config, log, metrics }: Context,
  given: Pick<GatewayServiceOptions, 'leading' | 'events' | 'due'>,
): GatewayService | undefined {
  if (config.gateway === undefined) return undefined;
  return createGatewayService({
    client,
    config: config.gateway,
    namespace: config.namespace,
    wrote: (result) => metrics.wroteService(result),
    failed: warn(log, 'the gateway Service could not be written and is tried again'),
    ...given,
    random: Math.random,
  });
}

/** Undefined without `--sidecar-config`. */
function wireWebhook(
  { client, config, log, metrics }: Context,
  report: ReflectorReport,
  leading: () => boolean,
  trustedKeys: () => readonly string[],
): Webhook | undefined {
  if (config.sidecar === undefined) return undefined;
  return createWebhook({
    ...{ client, report, leading, trustedKeys, metrics, random: Math.random, now: Date.now },
    config: config.sidecar,
    namespace: config.namespace,
    port: config.webhookPort,
    bind: config.bind,
    failed: warn(log, 'the webhook cannot serve, or renew its certificate, and tries again'),
  });
}

function reportOf({ metrics, watchdog, log }: Context): ReflectorReport {
  return {
    onContact(kind) {
      metrics.contact(kind, Date.now() / 1000);
      watchdog.touch(kind);
    },
    onFailure(kind, error) {
      metrics.restarted(kind);
      watchdog.touch(kind);
      log.warn({ kind, error: error.message }, 'list or watch failed and is tried again');
    },
  };
}

function wireFleet(
  { config, metrics }: Context,
  keys: SigningKeys,
  leading: () => boolean,
  events: Parameters<typeof createFleet>[0]['events'],
): Fleet & KeyDistribution {
  const origin = (address: string): string => {
    const url = new URL(podOrigin(address));
    url.port = String(config.controlPort);
    return url.origin;
  };
  return createFleet({
    keys,
    client: createProxyClient({ origin }),
    events,
    leading,
    metrics,
    now: () => performance.now(),
    unixNow: Date.now,
    random: Math.random,
  });
}

export function warn(log: Logger, what: string): (error: Error) => void {
  return (error) => log.warn({ error: error.message }, what);
}
