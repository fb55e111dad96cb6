/** The sequence of one reconciliation: inventory → translate → push and status. Decides nothing by itself. */
import type { Fleet } from './push/fleet-types.ts';
import type { ProxyReport } from './push/proxy-report.ts';
import type { GatewayService } from './service/gateway-service.ts';
import { gatherComplaints } from './status/endpoint-health.ts';
import type { StatusWriter } from './status/status-writer.ts';
import type { Inventory, Translation } from './translate/types.ts';
import { systemClock, type Clock } from './util/clock.ts';
import { createCoalescer } from './util/coalesce.ts';

export interface CoordinatorOptions {
  readonly translate: (inventory: Inventory) => Translation;
  /** What is known; undefined until every collection was listed once. */
  readonly inventory: () => Inventory | undefined;
  readonly fleet: Fleet;
  readonly status: StatusWriter;
  /** Absent: the gateways have no Service of ours. */
  readonly gateway?: GatewayService;
  /** Called after every reconciliation with its duration in seconds. */
  readonly reconciled: (seconds: number) => void;
  /** What is wrong with a proxy changed; undefined: nothing is any more. */
  readonly proxyError: (proxy: string, error: string | undefined) => void;
  readonly clock?: Clock;
}

export interface Coordinator {
  /** The inventory changed. */
  inventoryChanged(): void;
  /** A proxy's report changed. */
  fleetChanged(): void;
  /** Pushes and writes under this epoch from now on; undefined: neither. */
  lead(epoch: number | undefined): void;
  stop(): void;
}

/** Milliseconds between two reconciliations, and between two looks at the fleet's reports. */
const INTERVAL = 100;
/** Milliseconds from the beginning of a term within which proxies that live are heard of. */
const SETTLING = 10_000;

export function createCoordinator(options: CoordinatorOptions): Coordinator {
  const { fleet, status, gateway, clock = systemClock } = options;
  const errors = new Map<string, string | undefined>();
  let leading = false;
  let settled: { readonly at: number; readonly cancel: () => void } | undefined;
  let latest: { readonly inventory: Inventory; readonly translation: Translation } | undefined;

  const report = (): void => {
    if (latest === undefined) return;
    const { inventory, translation } = latest;
    const reports = fleet.reports();
    // Who does not lead hears nothing from proxies, which says nothing about them.
    if (leading) noteErrors(errors, translation, reports, options.proxyError);
    else errors.clear();
    const targets = new Map(translation.proxies.map((proxy) => [proxy.uid, proxy]));
    const settling = settled !== undefined && clock.now() < settled.at;
    const view = { targets, reports, complaints: gatherComplaints(reports), settling };
    gateway?.want(inventory, translation, reports);
    status.want({ policies: inventory.policies, verdicts: translation.verdicts, fleet: view });
  };
  const reconcile = (changedAt: number): void => {
    const inventory = options.inventory();
    if (inventory === undefined) return;
    const began = clock.now();
    const translated = options.translate(inventory);
    const translation = gateway?.order(inventory, translated) ?? translated;
    latest = { inventory, translation };
    fleet.want(translation, changedAt);
    report();
    options.reconciled((clock.now() - began) / 1000);
  };
  const changes = createCoalescer(INTERVAL, reconcile, clock);
  const reports = createCoalescer(INTERVAL, report, clock);
  return {
    inventoryChanged: () => changes.touch(),
    fleetChanged: () => reports.touch(),
    lead(epoch) {
      leading = epoch !== undefined;
      settled?.cancel();
      const cancel = clock.after(SETTLING, () => reports.touch());
      settled = { at: clock.now() + SETTLING, cancel };
      // Nothing that is older than what we know is pushed first.
      if (leading) changes.flush();
      fleet.lead(epoch);
      // What was wanted while nobody led was not written.
      if (leading) reports.touch();
    },
    stop() {
      changes.stop();
      reports.stop();
      settled?.cancel();
    },
  };
}

function noteErrors(
  known: Map<string, string | undefined>,
  { proxies }: Translation,
  reports: ReadonlyMap<string, ProxyReport>,
  changed: CoordinatorOptions['proxyError'],
): void {
  const present = new Set(proxies.map(({ uid }) => uid));
  for (const uid of known.keys()) if (!present.has(uid)) known.delete(uid);
  for (const { uid, name, trouble } of proxies) {
    const error = trouble ?? reports.get(uid)?.error;
    if (known.get(uid) === error) continue;
    known.set(uid, error);
    changed(name, error);
  }
}
