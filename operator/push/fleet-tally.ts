import type { ProxyReport } from './proxy-report.ts';
import type { ProxyState } from './proxy-state.ts';

/** Label of `outrigger_operator_proxies`: current has its desired content, pending does not yet, failing failed last time. */
export type ProxyCounts = Readonly<Record<'current' | 'pending' | 'failing', number>>;

export const NO_PROXIES: ProxyCounts = { current: 0, pending: 0, failing: 0 };

interface Counted {
  readonly as: keyof ProxyCounts;
  /** It is Ready and not terminating, and has not its desired content. */
  readonly lacks: boolean;
  /** Seconds. */
  readonly skew: number;
}

/** Counts over all proxies, brought up to date proxy by proxy. */
export class FleetTally {
  readonly #counted = new Map<ProxyState, Counted>();
  readonly #counts = { ...NO_PROXIES };
  readonly #skewed = new Map<ProxyState, number>();
  #lacking = 0;

  get counts(): ProxyCounts {
    return { ...this.#counts };
  }

  /** Whether every Ready proxy that is not terminating has its desired content. */
  get allCurrent(): boolean {
    return this.#lacking === 0;
  }

  /** The largest difference of a proxy's clock, in seconds. */
  get skew(): number {
    return Math.max(0, ...this.#skewed.values());
  }

  update(state: ProxyState, { current }: ProxyReport): void {
    this.remove(state);
    const { failing, target } = state;
    const as = failing ? 'failing' : current ? 'current' : 'pending';
    const counted = { as, lacks: !current && target.ready && !target.terminating, skew: Math.abs(state.skew) } as const;
    this.#counted.set(state, counted);
    this.#add(counted, 1);
    if (counted.skew > 0) this.#skewed.set(state, counted.skew);
  }

  remove(state: ProxyState): void {
    const counted = this.#counted.get(state);
    if (counted) this.#add(counted, -1);
    this.#counted.delete(state);
    this.#skewed.delete(state);
  }

  #add({ as, lacks }: Counted, by: 1 | -1): void {
    this.#counts[as] += by;
    if (lacks) this.#lacking += by;
  }
}
