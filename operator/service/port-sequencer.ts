/** The order of changes: a listener opens before its port joins the Service, and closes after the port has left. No I/O. */
import type { ProxyReport } from '../push/proxy-report.ts';
import type { Translation } from '../translate/types.ts';
import { removedPorts, keepListeners } from './lingering-listeners.ts';
import { progressOf, type GatewayPorts } from './gateway-ports.ts';

/** In milliseconds. */
export interface PortSequencerTiming {
  /** How long a listener is kept at most while the Service still has its port: a Service that cannot be written does not block. */
  readonly maxHold: number;
  /** How long a listener is kept after its port has left the Service: nodes learn of that one by one. */
  readonly closeDelay: number;
  /** How long a port that some proxies listen on waits for the others: a proxy that hangs does not keep it closed. */
  readonly openWithin: number;
}

export const PORT_SEQUENCER_TIMING: PortSequencerTiming = { maxHold: 5000, closeDelay: 1000, openWithin: 10_000 };

interface Hold {
  readonly until: number;
  /** Whether the port has left the Service. */
  readonly closed: boolean;
}

export interface Sequenced<T> {
  readonly value: T;
  /** Milliseconds after which to evaluate again even without a change; Infinity: only after a change. */
  readonly recheckAfter: number;
}

export class PortSequencer {
  readonly #timing: PortSequencerTiming;
  readonly #holds = new Map<number, Hold>();
  /** Port that the Service does not have yet → since when some proxy listens on it. */
  readonly #opening = new Map<number, number>();
  #last: Translation | undefined;

  constructor(timing: PortSequencerTiming = PORT_SEQUENCER_TIMING) {
    this.#timing = timing;
  }

  /**
   * The translation to push: with listeners that must stay a while longer.
   *
   * @param wanted ports of accepted policies
   * @param published known ports of the Service
   * @param now monotonic ms
   */
  delayRemovals(
    translation: Translation,
    wanted: GatewayPorts,
    published: ReadonlySet<number>,
    now: number,
  ): Sequenced<Translation> {
    const removed = new Set([...removedPorts(translation, this.#last)].filter((port) => !wanted.has(port)));
    for (const port of this.#holds.keys()) if (!removed.has(port)) this.#holds.delete(port);
    for (const port of removed) this.#updateHold(port, published.has(port), now);
    const holding = [...this.#holds].filter(([, { until }]) => until > now);
    this.#last = keepListeners(translation, this.#last, new Set(holding.map(([port]) => port)));
    return { value: this.#last, recheckAfter: Math.min(Infinity, ...holding.map(([, { until }]) => until - now)) };
  }

  /** The ports that the Service must have now: wanted ports that it has already, or that are open on the proxies. */
  publishablePorts(
    translation: Translation,
    reports: ReadonlyMap<string, ProxyReport>,
    { wanted, published, now }: { readonly wanted: GatewayPorts; readonly published: ReadonlySet<number>; readonly now: number },
  ): Sequenced<GatewayPorts> {
    const missing = new Set([...wanted.keys()].filter((port) => !published.has(port)));
    const progress = progressOf(translation, reports, missing);
    for (const port of this.#opening.keys()) if (!progress.get(port)?.listening) this.#opening.delete(port);
    let recheckAfter = Infinity;
    const open = new Set<number>();
    for (const [port, { wanted: count, answered, listening }] of progress) {
      if (listening === 0) continue;
      const since = this.#opening.get(port) ?? now;
      this.#opening.set(port, since);
      const left = since + this.#timing.openWithin - now;
      if (answered === count || left <= 0) open.add(port);
      else recheckAfter = Math.min(recheckAfter, left);
    }
    return { value: new Map([...wanted].filter(([port]) => published.has(port) || open.has(port))), recheckAfter };
  }

  #updateHold(port: number, published: boolean, now: number): void {
    const hold = this.#holds.get(port);
    if (hold === undefined && published) this.#holds.set(port, { until: now + this.#timing.maxHold, closed: false });
    if (hold === undefined || hold.closed || published) return;
    this.#holds.set(port, { until: Math.min(hold.until, now + this.#timing.closeDelay), closed: true });
  }
}
