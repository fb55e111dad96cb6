import type { ProxyState } from './proxy-state.ts';

/** Label of `outrigger_operator_proxies`: has what it should, is yet to get it, failed lately. */
export type ProxyCounts = Readonly<Record<'current' | 'pending' | 'failing', number>>;

export const NONE: ProxyCounts = { current: 0, pending: 0, failing: 0 };

export interface Summary {
  readonly counts: ProxyCounts;
  /** The largest difference of a proxy's clock, in seconds. */
  readonly skew: number;
  /** Whether every Ready proxy that is not terminating has what it should. */
  readonly settled: boolean;
}

/** One look over all proxies; `key` names the content that each should have. */
export function summarise(proxies: readonly { readonly state: ProxyState; readonly key: string | undefined }[]): Summary {
  const counts = { ...NONE };
  let [skew, settled] = [0, true];
  for (const { state, key } of proxies) {
    const current = state.holds(key);
    counts[state.failing ? 'failing' : current ? 'current' : 'pending']++;
    skew = Math.max(skew, Math.abs(state.skew));
    if (!current && state.target.ready && !state.target.terminating) settled = false;
  }
  return { counts, skew, settled };
}
