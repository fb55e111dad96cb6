/** The whole operator, wired. Decides nothing. */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { createCoordinator, type Coordinator } from './coordinate.ts';
import { accessFrom } from './kube/access.ts';
import { createKubeClient, type KubeClient } from './kube/client.ts';
import { loadKubeConfig } from './kube/load.ts';
import { createSecretStore } from './kube/secrets.ts';
import { createLeader, type Leader } from './lead/leader.ts';
import { candidateOf, type Candidate } from './lead/lease.ts';
import { watchLease } from './lead/watch.ts';
import { Metrics } from './observe/metrics.ts';
import { startObserveServer } from './observe/server.ts';
import { createWatchdog, type Watchdog } from './observe/watchdog.ts';
import { createProxyClient, podOrigin } from './push/client.ts';
import { createFleet } from './push/fleet.ts';
import { ensureSigningKeys, type SigningKeys } from './push/keys.ts';
import type { Fleet, KeyCarrier } from './push/seam.ts';
import { persist } from './retry.ts';
import { createRotation, type Rotation } from './rotate.ts';
import { schemaOptions, watchSchema } from './schema.ts';
import { createGatewayService, type GatewayService, type GatewayServiceOptions } from './service/gateway.ts';
import { createStatusWriter, type StatusWriter } from './status/writer.ts';
import { translate } from './translate/index.ts';
import { createInventory, type InventorySource } from './watch/inventory.ts';
import type { ReflectorReport } from './watch/reflector.ts';

export interface Operator {
  readonly observePort: number;
  /** Stops pushing at once, gives the Lease back, and leaves nothing open. */
  stop(): Promise<void>;
}

const USER_AGENT = 'outrigger-operator/0.1.0';
/** Milliseconds; a watch lasts ten minutes at most, and a list fails sooner. */
const STALLED_AFTER = 15 * 60_000;

/** What the stages share. */
interface Context {
  readonly config: Config;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly watchdog: Watchdog;
  readonly client: KubeClient;
  /** This process, by a UUID. */
  readonly candidate: Candidate;
  readonly signal: AbortSignal;
  /** What is still missing until the operator is ready; undefined: nothing. */
  notReady: () => string | undefined;
}

interface Stages {
  readonly inventory: InventorySource;
  readonly fleet: Fleet;
  readonly status: StatusWriter;
  readonly gateway: GatewayService | undefined;
  readonly coordinator: Coordinator;
  readonly leader: Leader;
  readonly rotation: Rotation;
  /** Resolves when every collection was listed once. */
  readonly synced: Promise<void>;
}

/** Resolves as soon as the observe port listens; the rest finds its own way up, however long the API server takes. */
export async function startOperator(config: Config, log: Logger): Promise<Operator> {
  const controller = new AbortController();
  const context: Context = {
    config,
    log,
    metrics: new Metrics(),
    watchdog: createWatchdog(STALLED_AFTER, () => performance.now()),
    client: createKubeClient(
      accessFrom(() => loadKubeConfig(config.kubeconfig)),
      USER_AGENT,
    ),
    candidate: candidateOf(config.namespace, config.podName, config.podUid, randomUUID()),
    signal: controller.signal,
    notReady: () => 'the signing key has not been read yet',
  };
  const { registry } = context.metrics;
  const probes = { registry, notAlive: () => context.watchdog.stalled(), notReady: () => context.notReady() };
  const observe = await startObserveServer(probes, config.observePort, config.bind);
  const operating = operate(context);
  return {
    observePort: observe.observePort,
    async stop() {
      controller.abort();
      await operating;
      await observe.close();
      await context.client.close();
    },
  };
}

/** Key → caches → Lease → until the signal aborts. */
async function operate(context: Context): Promise<void> {
  const { client, config, log, metrics, signal } = context;
  const secrets = createSecretStore(client, config.namespace);
  const failed = warn(log, 'the signing key can not be had yet');
  const keys = await persist(() => ensureSigningKeys(secrets), failed, signal).catch(() => undefined);
  if (keys === undefined) return;
  const { inventory, fleet, status, gateway, coordinator, leader, rotation, synced } = wire(context, keys);
  context.notReady = () => 'not everything has been listed yet';
  const stopped = aborted(signal).then(() => {
    coordinator.stop();
    rotation.stop();
    return Promise.all([gateway?.stop(), status.stop(), fleet.stop()]);
  });
  const schema = watchSchema(schemaOptions(client, log, metrics), signal);
  const watching = Promise.all([inventory.run(signal), rotation.run(signal), schema]);
  await Promise.race([synced, stopped]);
  if (!signal.aborted) {
    log.info('everything was listed once');
    context.notReady = () => leader.problem;
  }
  await leader.run(signal);
  await Promise.all([watching, stopped]);
}

function wire(context: Context, keys: SigningKeys): Stages {
  const { client, config, log, metrics, candidate } = context;
  const report = reportOf(context);
  const synced = Promise.withResolvers<void>();
  const inventory = createInventory({
    client,
    report,
    changed() {
      if (inventory.ready) synced.resolve();
      coordinator.inventoryChanged();
    },
    random: Math.random,
  });
  const leading = (): boolean => leader.leading;
  const fleet = wireFleet(context, keys, leading, {
    changed() {
      coordinator.fleetChanged();
      rotation.look();
    },
    fenced(current) {
      log.warn({ current }, 'a proxy holds a higher version: acquiring anew above it');
      leader.acquireAbove(current.epoch);
    },
  });
  const rotation = createRotation({ client, config, log, report, carrier: fleet, leading });
  const status = createStatusWriter({
    client,
    leading,
    instance: candidate.identity,
    failed: (policy, error) => log.warn({ policy, error: error.message }, 'status could not be written'),
    random: Math.random,
    now: Date.now,
  });
  const settings = { namespace: config.namespace, ...(config.gateway && { allowed: config.gateway.allowed }) };
  const gateway = wireService(context, { leading, again: () => coordinator.inventoryChanged() });
  const coordinator = createCoordinator({
    translate: (known) => translate(known, settings),
    inventory: () => (inventory.ready ? inventory.current() : undefined),
    fleet,
    status,
    ...(gateway && { gateway }),
    reconciled: (seconds) => metrics.reconciled(seconds),
    proxyError: (proxy, error) =>
      error === undefined
        ? log.info({ proxy }, 'proxy answers again')
        : log.warn({ proxy, error }, 'proxy can not be brought up to date, and is tried again'),
  });
  const leader = createLeader({
    client,
    watch: watchLease({ client, namespace: config.namespace, report, random: Math.random }),
    candidate,
    lead(epoch) {
      log.info({ epoch }, epoch === undefined ? 'leading has ended' : 'leading');
      metrics.leads(epoch);
      coordinator.lead(epoch);
      rotation.look();
    },
    standby: (holder) => log.info({ holder }, 'standing by: another operator leads'),
    failed: warn(log, 'the Lease could not be had'),
    now: Date.now,
    random: Math.random,
  });
  return { inventory, fleet, status, gateway, coordinator, leader, rotation, synced: synced.promise };
}

/** Undefined without `--gateway-config`. */
function wireService(
  { client, config, log, metrics, candidate }: Context,
  events: Pick<GatewayServiceOptions, 'leading' | 'again'>,
): GatewayService | undefined {
  if (config.gateway === undefined) return undefined;
  return createGatewayService({
    client,
    config: config.gateway,
    namespace: config.namespace,
    instance: candidate.identity,
    wrote: (result) => metrics.wroteService(result),
    failed: warn(log, 'the gateway Service could not be written and is tried again'),
    ...events,
    random: Math.random,
    now: Date.now,
  });
}

function reportOf({ metrics, watchdog, log }: Context): ReflectorReport {
  return {
    heard(kind) {
      metrics.heard(kind, Date.now() / 1000);
      watchdog.seen(kind);
    },
    failed(kind, error) {
      metrics.restarted(kind);
      watchdog.seen(kind);
      log.warn({ kind, error: error.message }, 'list or watch failed and is tried again');
    },
  };
}

function wireFleet(
  { config, metrics }: Context,
  keys: SigningKeys,
  leading: () => boolean,
  events: Parameters<typeof createFleet>[0]['events'],
): Fleet & KeyCarrier {
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

function warn(log: Logger, what: string): (error: Error) => void {
  return (error) => log.warn({ error: error.message }, what);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) =>
    signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true }),
  );
}
