/** The ports that the policies ask for, and how far the proxies have got with them: pure. */
import { DEFAULTS } from '../api/defaults.ts';
import type { LoadBalancerPolicy } from '../api/policy.gen.ts';
import type { ProxyReport } from '../push/proxy-report.ts';
import type { ProxyTarget, Translation, Verdict } from '../translate/types.ts';
import type { Listener } from '../../proxy/snapshot/types.ts';

/** Port → protocol of the listener on it, ports ascending. */
export type GatewayPorts = ReadonlyMap<number, Listener['protocol']>;

/**
 * Ports of the accepted gateway policies, whether or not any gateway exists at present: a Service that is deleted with the last gateway
 * would lose its address and its node ports.
 */
export function portsOfPolicies(
  policies: ReadonlyMap<string, LoadBalancerPolicy>,
  verdicts: ReadonlyMap<string, Verdict>,
): GatewayPorts {
  const ports = new Map<number, Listener['protocol']>();
  for (const [key, { accepted, uid }] of verdicts) {
    const policy = policies.get(key);
    if (policy?.metadata.uid !== uid || accepted.status !== 'True') continue;
    const { proxies, listener } = policy.spec;
    if (listener === undefined || (proxies?.type ?? DEFAULTS.proxyType) !== 'Gateway') continue;
    ports.set(listener.port, listener.protocol ?? DEFAULTS.protocol);
  }
  return new Map([...ports].sort(([a], [b]) => a - b));
}

/** Numbers of Ready proxies, for one port. */
export interface Progress {
  /** Proxies that must listen. */
  readonly wanted: number;
  /** Proxies that have acknowledged it, whether or not they could bind it. */
  readonly answered: number;
  /** Proxies that listen. */
  readonly listening: number;
}

/** Progress of those requested ports that some Ready proxy must listen on. */
export function progressOf(
  { proxies, contents }: Pick<Translation, 'proxies' | 'contents'>,
  reports: ReadonlyMap<string, ProxyReport>,
  requested: ReadonlySet<number>,
): ReadonlyMap<number, Progress> {
  const all = new Map<number, Progress>();
  if (requested.size === 0) return all;
  for (const target of proxies) {
    if (!target.ready || target.terminating) continue;
    const report = reports.get(target.uid);
    for (const listener of listenersOf(contents, target)) {
      if (!requested.has(listener.port)) continue;
      const { wanted, answered, listening } = all.get(listener.port) ?? { wanted: 0, answered: 0, listening: 0 };
      const knows = hasAcknowledged(listener, report);
      const listens = knows && !report?.rejected.some(({ listener: port }) => port === listener.port);
      all.set(listener.port, { wanted: wanted + 1, answered: answered + Number(knows), listening: listening + Number(listens) });
    }
  }
  return all;
}

export function listenersOf(contents: Translation['contents'], { selection }: ProxyTarget): readonly Listener[] {
  return contents.get(selection)?.listeners ?? [];
}

/** A port is open as soon as one policy on it runs, in the generation of the route. */
function hasAcknowledged({ routes }: Listener, report: ProxyReport | undefined): boolean {
  return routes.some(({ policy, generation }) => report?.acked?.generations.get(policy) === generation);
}
