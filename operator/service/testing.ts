/** For tests: inventory and translation of policies on some ports, and the reports of proxies that have them. */
import type { Pod } from '../api/kubernetes.ts';
import type { ProxyReport } from '../push/proxy-report.ts';
import { translate } from '../translate/translate.ts';
import { gateway, inventory, meta, policy, service, SETTINGS, slice } from '../translate/testing.ts';
import type { Inventory, ProxyTarget, Translation } from '../translate/types.ts';

export interface Known {
  readonly inventory: Inventory;
  readonly translation: Translation;
}

export function readyGateway(name: string, ready = true, terminating = false): Pod {
  const { metadata, status, ...pod } = gateway(name);
  const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False' }];
  const deleted = terminating ? { deletionTimestamp: '2026-01-02T00:00:00Z' } : {};
  return { ...pod, metadata: { ...metadata, ...deleted }, status: { ...status, conditions } };
}

/** One policy per port, named after it; by default two Ready gateways. */
export function known(ports: readonly number[], proxyPods: readonly Pod[] = [readyGateway('a'), readyGateway('b')]): Known {
  const policies = ports.map((port) => policy(`p${port}`, { listener: { port } }, meta(`p${port}`)));
  const everything = inventory({
    policies,
    proxyPods,
    services: [service('echo')],
    endpointSlices: [slice('echo-1', [{ addresses: ['10.0.0.1'], conditions: { ready: true } }])],
  });
  return { inventory: everything, translation: translate(everything, SETTINGS) };
}

/** The report of a proxy that has its content, and could not bind some ports. */
export function has({ contents }: Translation, { selection }: ProxyTarget, rejects: readonly number[] = []): ProxyReport {
  const content = contents.get(selection);
  const rejected = rejects.map((port) => ({ policy: `default/p${port}`, listener: port, reason: 'in use' }));
  const acked = { epoch: 1, sequence: 1, digest: 'd', generations: content?.generations ?? new Map<string, number>() };
  return { acked, current: true, rejected, unhealthy: undefined, degraded: undefined };
}

/** Every proxy has its content. */
export function allHave(translation: Translation): Map<string, ProxyReport> {
  return new Map(translation.proxies.map((target) => [target.uid, has(translation, target)]));
}
