/** Proxies that have just started: that they cannot be reached yet is normal. Pure. */
import type { ProxyReport } from '../push/proxy-report.ts';
import type { ProxyTarget } from '../translate/types.ts';

/** What is said of such a proxy in place of the error of its connection. */
export const STARTING = 'starting';

/**
 * Milliseconds around its start within which a proxy need not answer: it listens a second after its process began, but its node may be
 * busy. Before the start, too, since the time is by the clock of its node, which may be ahead of ours; a start that lies further in the
 * future says nothing.
 */
const START_UP = 30_000;

export interface ProxiesNow {
  /** By pod UID; those that are starting have it as their `trouble`. */
  readonly targets: ReadonlyMap<string, ProxyTarget>;
  /** Milliseconds after which another look differs without any other change; undefined: it does not. */
  readonly changesIn: number | undefined;
}

/**
 * A proxy that has acknowledged a snapshot has started, whatever its age.
 *
 * @param now unix milliseconds
 */
export function markStarting(
  proxies: readonly ProxyTarget[],
  reports: ReadonlyMap<string, ProxyReport>,
  now: number,
): ProxiesNow {
  const targets = new Map<string, ProxyTarget>();
  let changesIn: number | undefined;
  for (const proxy of proxies) {
    const age = now - (proxy.started ?? -Infinity);
    const unheard = proxy.trouble === undefined && reports.get(proxy.uid)?.acked === undefined;
    const starting = unheard && Math.abs(age) < START_UP;
    targets.set(proxy.uid, starting ? { ...proxy, trouble: STARTING } : proxy);
    if (starting) changesIn = Math.min(changesIn ?? Infinity, START_UP - age);
  }
  return { targets, changesIn };
}
