/** One reconciliation: inventory → translate → push, gateway Service and status; and when there is one. Decides nothing else. */
import type { Fleet } from './push/fleet-types.ts';
import type { ProxyReport } from './push/proxy-report.ts';
import type { GatewayService } from './service/gateway-service.ts';
import { UnhealthyCounter } from './status/endpoint-health.ts';
import { markStarting, STARTING } from './status/starting-proxies.ts';
import type { StatusWriter } from './status/status-writer.ts';
import type { Inventory, PortNames, ProxyTarget, Translation } from './translate/types.ts';
import { systemClock, type Clock } from './util/clock.ts';
import { createCoalescer } from './util/coalesce.ts';

export interface ReconcilerOptions {
  readonly translate: (inventory: Inventory, previous?: PortNames) => Translation;
  /** The present inventory; undefined until every collection has been listed once. */
  readonly inventory: () => Inventory | undefined;
  readonly fleet: Fleet;
  readonly status: Pick<StatusWriter, 'setDesired'>;
  /** Absent: the operator makes no Service for the gateways. */
  readonly gateway?: GatewayService;
  /** Called after every reconciliation with its duration in seconds. */
  readonly reconciled: (seconds: number) => void;
  /** The error of a proxy changed; undefined: it has recovered. A proxy that has just started need not answer, which is no error. */
  readonly proxyError: (proxy: string, error: string | undefined) => void;
  /** Unix milliseconds. */
  readonly unixNow: () => number;
  readonly clock?: Clock;
}

export interface Reconciler {
  /** The inventory changed. */
  inventoryChanged(): void;
  /** A proxy's report changed. */
  fleetChanged(): void;
  /** Pushes and writes under this epoch from now on; undefined: stops both. */
  setEpoch(epoch: number | undefined): void;
  stop(): void;
}

/** Milliseconds between two reconciliations, and between two evaluations of the fleet's reports. */
const INTERVAL = 100;
/** Milliseconds from the start of a term within which every running proxy is contacted. */
const FIRST_CONTACT_WITHIN = 10_000;

export function createReconciler(options: ReconcilerOptions): Reconciler {
  const { fleet, status, gateway, clock = systemClock } = options;
  const errors = new Map<string, string | undefined>();
  const unhealthy = new UnhealthyCounter();
  let leading = false;
  let firstContact: { readonly until: number; readonly cancel: () => void } | undefined;
  let cancelLook = (): void => undefined;
  let latest: { readonly inventory: Inventory; readonly translation: Translation } | undefined;

  const report = (): void => {
    if (latest === undefined) return;
    const { inventory, translation } = latest;
    const reports = fleet.reports();
    const { targets, changesIn } = markStarting(translation.proxies, reports, options.unixNow());
    cancelLook();
    if (changesIn !== undefined) cancelLook = clock.after(changesIn, () => looks.trigger());
    if (leading) noteErrors(errors, targets, reports, options.proxyError);
    else errors.clear(); // a standby has no contact with proxies, which says nothing about them
    const termJustBegan = firstContact !== undefined && clock.now() < firstContact.until;
    const view = { targets, reports, unhealthy: unhealthy.update(reports), termJustBegan };
    gateway?.reconcile(inventory, translation, reports);
    const { policies, terminatingNamespaces } = inventory;
    status.setDesired({ policies, verdicts: translation.verdicts, fleet: view, terminatingNamespaces });
  };
  const reconcile = (changedAt: number): void => {
    const inventory = options.inventory();
    if (inventory === undefined) return;
    const began = clock.now();
    const translated = options.translate(inventory, latest?.translation.portNames);
    const translation = gateway?.delayRemovals(inventory, translated) ?? translated;
    latest = { inventory, translation };
    fleet.setDesired(translation, changedAt);
    report();
    options.reconciled((clock.now() - began) / 1000);
  };
  const changes = createCoalescer(INTERVAL, reconcile, clock);
  const looks = createCoalescer(INTERVAL, report, clock);
  return {
    inventoryChanged: () => changes.trigger(),
    fleetChanged: () => looks.trigger(),
    setEpoch(epoch) {
      leading = epoch !== undefined;
      firstContact?.cancel();
      const cancel = clock.after(FIRST_CONTACT_WITHIN, () => looks.trigger());
      firstContact = { until: clock.now() + FIRST_CONTACT_WITHIN, cancel };
      // Pending changes are translated first, so that nothing older is pushed.
      if (leading) changes.flush();
      fleet.setEpoch(epoch);
      // What was desired while no one led was not written.
      if (leading) looks.trigger();
    },
    stop() {
      changes.stop();
      looks.stop();
      firstContact?.cancel();
      cancelLook();
    },
  };
}

function noteErrors(
  known: Map<string, string | undefined>,
  proxies: ReadonlyMap<string, ProxyTarget>,
  reports: ReadonlyMap<string, ProxyReport>,
  changed: ReconcilerOptions['proxyError'],
): void {
  for (const uid of known.keys()) if (!proxies.has(uid)) known.delete(uid);
  for (const [uid, { name, trouble }] of proxies) {
    const error = trouble ?? reports.get(uid)?.error;
    if (known.get(uid) === error || error === STARTING) continue;
    known.set(uid, error);
    changed(name, error);
  }
}
