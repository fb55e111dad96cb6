/** What comes first: listeners open before their port of the Service, and close after it. Decides; does no I/O. */
import type { ProxyReport } from '../push/proxy-report.ts';
import type { Translation } from '../translate/types.ts';
import { leavingPorts, linger } from './lingering-listeners.ts';
import { progressOf, type GatewayPorts } from './gateway-ports.ts';

/** Milliseconds. */
export interface PortSequencerTiming {
  /** How long a listener may be kept because the Service still has its port: a Service that can not be written holds up nothing. */
  readonly hold: number;
  /** From the Service's loss of the port to that of the listener: nodes take the change from the API server one by one. */
  readonly settle: number;
  /** How long a port that some proxies listen on waits for the others: one that hangs does not keep it closed. */
  readonly patience: number;
}

export const PORT_SEQUENCER_TIMING: PortSequencerTiming = { hold: 5000, settle: 1000, patience: 10_000 };

interface Hold {
  readonly until: number;
  /** Whether the Service has lost the port. */
  readonly closed: boolean;
}

export interface Ordered<T> {
  readonly value: T;
  /** Milliseconds after which to ask again, though nothing changed; Infinity: not by itself. */
  readonly again: number;
}

export class PortSequencer {
  readonly #timing: PortSequencerTiming;
  readonly #holds = new Map<number, Hold>();
  /** Port → since when some proxy listens, and the Service does not have it yet. */
  readonly #opening = new Map<number, number>();
  #last: Translation | undefined;

  constructor(timing: PortSequencerTiming = PORT_SEQUENCER_TIMING) {
    this.#timing = timing;
  }

  /**
   * What may be pushed of a translation: it, and what has to stay a little longer.
   *
   * @param wanted ports of accepted policies
   * @param published ports of the Service, as far as is known
   * @param now monotonic ms
   */
  push(translation: Translation, wanted: GatewayPorts, published: ReadonlySet<number>, now: number): Ordered<Translation> {
    const leaving = new Set([...leavingPorts(translation, this.#last)].filter((port) => !wanted.has(port)));
    for (const port of this.#holds.keys()) if (!leaving.has(port)) this.#holds.delete(port);
    for (const port of leaving) this.#note(port, published.has(port), now);
    const holding = [...this.#holds].filter(([, { until }]) => until > now);
    this.#last = linger(translation, this.#last, new Set(holding.map(([port]) => port)));
    return { value: this.#last, again: Math.min(Infinity, ...holding.map(([, { until }]) => until - now)) };
  }

  /** The ports that the Service shall have now: those it has and that are wanted, and those that are open. */
  publish(
    translation: Translation,
    reports: ReadonlyMap<string, ProxyReport>,
    { wanted, published, now }: { readonly wanted: GatewayPorts; readonly published: ReadonlySet<number>; readonly now: number },
  ): Ordered<GatewayPorts> {
    const missing = new Set([...wanted.keys()].filter((port) => !published.has(port)));
    const progress = progressOf(translation, reports, missing);
    for (const port of this.#opening.keys()) if (!progress.get(port)?.listening) this.#opening.delete(port);
    let again = Infinity;
    const open = new Set<number>();
    for (const [port, { wanted: count, answered, listening }] of progress) {
      if (listening === 0) continue;
      const since = this.#opening.get(port) ?? now;
      this.#opening.set(port, since);
      const left = since + this.#timing.patience - now;
      if (answered === count || left <= 0) open.add(port);
      else again = Math.min(again, left);
    }
    return { value: new Map([...wanted].filter(([port]) => published.has(port) || open.has(port))), again };
  }

  #note(port: number, published: boolean, now: number): void {
    const hold = this.#holds.get(port);
    if (hold === undefined && published) this.#holds.set(port, { until: now + this.#timing.hold, closed: false });
    if (hold === undefined || hold.closed || published) return;
    this.#holds.set(port, { until: Math.min(hold.until, now + this.#timing.settle), closed: true });
  }
}
