import { FleetTally, NO_PROXIES } from './fleet-tally.ts';
import type { FleetEvents, FleetMetrics } from './fleet-types.ts';
import { sameReport, type ProxyReport } from './proxy-report.ts';
import type { ProxyState } from './proxy-state.ts';

export interface FleetObserverOptions {
  readonly metrics: FleetMetrics;
  readonly events: FleetEvents;
  readonly reportOf: (state: ProxyState) => ProxyReport;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/**
 * Tells what became of the fleet: metrics, and the event `changed`. Once for everything that happens in one turn of the event loop, and
 * only proxies that something happened to are looked at.
 */
export class FleetObserver {
  readonly #options: FleetObserverOptions;
  readonly #tally = new FleetTally();
  readonly #touched = new Set<ProxyState>();
  /** As last looked at. */
  readonly #reports = new Map<ProxyState, ProxyReport>();
  #leading = false;
  /** A report changed since the last event. */
  #changed = false;
  #due: NodeJS.Immediate | undefined;
  /** When the oldest change that some Ready proxy has not acknowledged was first seen. */
  #pendingSince: number | undefined;

  constructor(options: FleetObserverOptions) {
    this.#options = options;
  }

  /** Something happened to the proxy. */
  touch(state: ProxyState): void {
    this.#touched.add(state);
    this.#notifySoon();
  }

  /** The proxy is gone. */
  remove(state: ProxyState): void {
    this.#touched.delete(state);
    this.#reports.delete(state);
    this.#tally.remove(state);
    this.#notifySoon();
  }

  /** What proxies must have changed; `seenAt`: monotonic ms at which that was first seen. Call after touching every proxy. */
  desiredChanged(seenAt: number): void {
    this.#lookAtTouched();
    if (this.#leading && !this.#tally.allCurrent) this.#pendingSince ??= seenAt;
    this.#notifySoon();
  }

  /** A term begins or ends. Time spent as standby does not count as propagation. Call after touching every proxy. */
  termChanged(leading: boolean): void {
    this.#leading = leading;
    this.#lookAtTouched();
    this.#pendingSince = leading && !this.#tally.allCurrent ? this.#options.now() : undefined;
    this.#notifySoon();
  }

  stop(): void {
    clearImmediate(this.#due);
  }

  #notifySoon(): void {
    this.#due ??= setImmediate(() => {
      this.#due = undefined;
      this.#notify();
    });
  }

  #lookAtTouched(): void {
    for (const state of this.#touched) {
      const [before, report] = [this.#reports.get(state), this.#options.reportOf(state)];
      if (before === undefined || !sameReport(before, report)) this.#changed = true;
      this.#reports.set(state, report);
      this.#tally.update(state, report);
    }
    this.#touched.clear();
  }

  #notify(): void {
    const { metrics, events, now } = this.#options;
    this.#lookAtTouched();
    const { counts, skew, allCurrent } = this.#tally;
    // Two replicas must not both count: a standby reports no proxies.
    metrics.proxies(this.#leading ? counts : NO_PROXIES);
    metrics.skew(skew);
    if (allCurrent && this.#pendingSince !== undefined) {
      metrics.propagated((now() - this.#pendingSince) / 1000);
      this.#pendingSince = undefined;
    }
    if (this.#changed) events.changed();
    this.#changed = false;
  }
}
