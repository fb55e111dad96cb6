import type { ProxyState } from './proxy-state.ts';

/** Label of `outrigger_operator_proxies`: current has its desired content, pending does not yet, failing failed last time. */
export type ProxyCounts = Readonly<Record<'current' | 'pending' | 'failing', number>>;

export const NO_PROXIES: ProxyCounts = { current: 0, pending: 0, failing: 0 };

export interface FleetSummary {
  readonly counts: ProxyCounts;
  /** The largest difference of a proxy's clock, in seconds. */
  readonly skew: number;
  /** Whether every Ready proxy that is not terminating has its desired content. */
  readonly allCurrent: boolean;
}

/** @param proxies with the key of the content that each must have */
export function summarise(proxies: readonly { readonly state: ProxyState; readonly key: string | undefined }[]): FleetSummary {
  const counts = { ...NO_PROXIES };
  let [skew, allCurrent] = [0, true];
  for (const { state, key } of proxies) {
    const current = state.hasContent(key);
    counts[state.failing ? 'failing' : current ? 'current' : 'pending']++;
    skew = Math.max(skew, Math.abs(state.skew));
    if (!current && state.target.ready && !state.target.terminating) allCurrent = false;
  }
  return { counts, skew, allCurrent };
}
