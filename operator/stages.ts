/** The stages of the operator, wired to one another. Decides nothing. */
import { createCoordinator, type Coordinator } from './reconcile.ts';
import { createElection, type Election } from './leader/election.ts';
import { createUninjected, type Uninjected } from './inject/uninjected-pods.ts';
import type { Webhook } from './inject/webhook.ts';
import { reportOf, warn, wireFleet, wireService, wireWebhook, type Context } from './parts.ts';
import type { SigningKeys } from './signing-keys/key-secret.ts';
import type { Fleet, KeyCarrier } from './push/seam.ts';
import { createRotation, type Rotation } from './signing-keys/key-rotation.ts';
import type { GatewayService } from './service/gateway-service.ts';
import { createStatusWriter, type StatusWriter } from './status/status-writer.ts';
import { translate } from './translate/translate.ts';
import { createInventory, type InventorySource } from './watch/inventory.ts';

export interface Stages {
  readonly inventory: InventorySource;
  readonly fleet: Fleet;
  readonly status: StatusWriter;
  readonly gateway: GatewayService | undefined;
  readonly coordinator: Coordinator;
  readonly election: Election;
  readonly rotation: Rotation;
  /** Absent without `--sidecar-config`. */
  readonly webhook: Webhook | undefined;
  readonly uninjected: Uninjected;
  /** Resolves when every collection was listed once. */
  readonly synced: Promise<void>;
}

/** Nothing runs yet. */
export function wire(context: Context, keys: SigningKeys): Stages {
  const { client, config, log, metrics, candidate } = context;
  const report = reportOf(context);
  const election = createElection({
    ...{ client, candidate, log, report },
    lead(epoch) {
      log.info({ epoch }, epoch === undefined ? 'leading has ended' : 'leading');
      metrics.leads(epoch);
      coordinator.lead(epoch);
      rotation.look();
      webhook?.look();
      uninjected.look();
    },
  });
  const { leader } = election;
  const synced = Promise.withResolvers<void>();
  const inventory = createInventory({
    client,
    report: election.report,
    changed() {
      if (inventory.ready) synced.resolve();
      coordinator.inventoryChanged();
      uninjected.look();
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
  let { trustedKeys } = keys;
  const carrier: KeyCarrier = {
    trust(next) {
      ({ trustedKeys } = next);
      fleet.trust(next);
    },
    lacking: (publicKey) => fleet.lacking(publicKey),
  };
  const rotation = createRotation({ client, config, log, report: election.report, carrier, leading });
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
  const webhook = wireWebhook(context, report, leading, () => trustedKeys);
  const uninjected = createUninjected({
    ...{ client, report, leading, instance: candidate.identity, random: Math.random, now: Date.now },
    labelled: () => inventory.current().proxyPods.values(),
    count: (pods) => metrics.uninjected(pods),
    failed: warn(log, 'the Event of a Pod without its sidecar could not be written and is tried again'),
  });
  return { inventory, fleet, status, gateway, coordinator, election, rotation, webhook, uninjected, synced: synced.promise };
}
