/** All that is measured side by side: HAProxy, nginx, a bare http-proxy-3, and the proxy with several pairs of engines. */
import type { DownstreamEngineName, UpstreamEngineName } from '../../proxy/config.ts';
import type { PoolPart } from '../../proxy/snapshot/types.ts';
import { PASSIVE } from '../../proxy/testing.ts';
import type { Cleanup } from './cleanup.ts';
import { PORT, startContender, startPlain, type Contender, type HaproxyBalance, type Site } from './contenders.ts';
import { startProxy, type ProxySettings } from './proxy-process.ts';
import { whyUnavailable, type ReferenceName } from './reference-proxy.ts';

/** Engines of the client's and the backend's side. */
export type Engines = readonly [DownstreamEngineName, UpstreamEngineName];
export const WIRE: Engines = ['http1', 'http1'];
export const DEFAULTS: Engines = ['node-http', 'http-proxy'];
const PAIRS: readonly Engines[] = [WIRE, ['http1', 'http-proxy'], DEFAULTS];
const CHECK = { type: 'HTTP', path: '/', method: 'GET', interval: 3_000, timeout: 1_000 } as const;
const THRESHOLDS = { unhealthyThreshold: 3, healthyThreshold: 2, expectedStatuses: [{ from: 200, to: 399 }] };

/** One that is measured, with its name in the table. */
export interface Entrant extends Contender {
  readonly title: string;
}

export const titleOf = (engines: Engines): string => engines.join(' + ');
const BARE_TITLE = 'bare http-proxy-3';
export const WIRE_TITLE = titleOf(WIRE);
export const DEFAULTS_TITLE = titleOf(DEFAULTS);

/** Starts HAProxy or nginx; undefined, with a note, where it is not installed. */
export async function enterReference(
  cleanup: Cleanup,
  name: ReferenceName,
  { addresses, backends }: Site,
  note: (text: string) => void,
  balance?: HaproxyBalance,
): Promise<Entrant | undefined> {
  const missing = whyUnavailable(name);
  if (missing !== undefined) return void note(missing);
  return { title: name, ...(await startContender(cleanup, name, addresses.take(), backends, balance)) };
}

/** Starts the proxy with these engines, active checks and round robin, unless `part` says otherwise. */
export async function enterProxy(
  cleanup: Cleanup,
  engines: Engines,
  { addresses, backends }: Site,
  more: Partial<Pick<ProxySettings, 'accessLog' | 'log'>> & { readonly title?: string; readonly part?: Partial<PoolPart> } = {},
): Promise<Entrant> {
  const { title = titleOf(engines), part, ...settings } = more;
  const address = addresses.take();
  const args = ['--downstream-engine', engines[0], '--upstream-engine', engines[1], '--max-connections', '12000'];
  const { pid } = await startProxy(cleanup, {
    ...{ address, port: PORT, backends, backendPort: PORT, args },
    ...settings,
    part: { healthCheck: { active: { ...CHECK, ...THRESHOLDS }, passive: PASSIVE }, ...part },
  });
  return { title, pid, target: `${address}:${PORT}` };
}

/**
 * Starts all of them, or those with the titles `only`. HAProxy, where it is installed, is the first one, which the others are compared
 * with.
 */
export async function enterAll(
  cleanup: Cleanup,
  site: Site,
  note: (text: string) => void,
  only?: readonly string[],
): Promise<readonly Entrant[]> {
  const wanted = (title: string) => only === undefined || only.includes(title);
  const entrants: (Entrant | undefined)[] = [];
  for (const name of ['haproxy', 'nginx'] as const) {
    if (wanted(name)) entrants.push(await enterReference(cleanup, name, site, note));
  }
  if (wanted(BARE_TITLE)) {
    const bare = await startPlain(cleanup, 'bare-proxy', site.addresses.take(), site.backends);
    entrants.push({ title: BARE_TITLE, ...bare });
  }
  for (const pair of PAIRS) if (wanted(titleOf(pair))) entrants.push(await enterProxy(cleanup, pair, site));
  return entrants.filter((one) => one !== undefined);
}
