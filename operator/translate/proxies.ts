import { PROXY_CONTAINER, PROXY_GATEWAY, PROXY_LABEL } from '../api/labels.ts';
import { matchesSelector } from '../api/selector.ts';
import type { Pod } from '../api/kubernetes.ts';
import type { ParsedPolicy } from './policy.ts';
import type { Inventory, ProxyTarget, TranslateSettings } from './types.ts';

type ContainerStatus = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number];

/** A proxy that may be pushed to, before it is known what it gets. */
export interface Proxy {
  readonly target: Omit<ProxyTarget, 'selection'>;
  readonly labels: Readonly<Record<string, string>>;
}

/** The gateway pods of the operator's namespace that run and have an address, in name order. */
export function listProxies({ proxyPods, nodeZones }: Inventory, settings: TranslateSettings): Proxy[] {
  return [...proxyPods.values()]
    .flatMap((pod) => (isGateway(pod, settings) ? [describe(pod, nodeZones)] : []))
    .sort((a, b) => (a.target.name < b.target.name ? -1 : 1));
}

/** A pod on the host's network shares its ports with the node, and its address with other pods: never a proxy. */
function isGateway({ metadata, spec, status }: Pod, { namespace }: TranslateSettings): boolean {
  return (
    metadata.labels?.[PROXY_LABEL] === PROXY_GATEWAY &&
    metadata.namespace === namespace &&
    spec.hostNetwork !== true &&
    status?.phase !== 'Succeeded' &&
    status?.phase !== 'Failed' &&
    Boolean(status?.podIP)
  );
}

function describe({ metadata, spec, status }: Pod, nodeZones: Inventory['nodeZones']): Proxy {
  const containers = status?.containerStatuses ?? [];
  const container = containers.find(({ name }) => name === PROXY_CONTAINER) ?? containers[0];
  const trouble = container && troubleOf(container);
  const zone = nodeZones.get(spec.nodeName ?? '');
  const target = {
    uid: metadata.uid,
    name: `${metadata.namespace}/${metadata.name}`,
    address: status?.podIP ?? '',
    ...(zone !== undefined && { zone }),
    container: container ? `${container.containerID ?? ''}/${container.restartCount ?? 0}` : '',
    ready: status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false,
    terminating: metadata.deletionTimestamp !== undefined,
    ...(trouble !== undefined && { trouble }),
  };
  return { target, labels: metadata.labels ?? {} };
}

/** What is merely under way is no trouble. */
const USUAL: ReadonlySet<string | undefined> = new Set([undefined, 'ContainerCreating', 'PodInitializing', 'Completed']);

function troubleOf({ state, lastState }: ContainerStatus): string | undefined {
  const reason = state?.waiting?.reason ?? state?.terminated?.reason;
  if (USUAL.has(reason)) return undefined;
  const ended = state?.terminated ?? lastState?.terminated;
  if (ended === undefined) return reason;
  const why = ended.reason === undefined || ended.reason === 'Error' || ended.reason === reason ? '' : ` (${ended.reason})`;
  return `${reason}, last exit code ${ended.exitCode ?? 'not known'}${why}`;
}

/** UIDs of the proxies that a policy selects, in name order. */
export function selectProxies({ selector }: ParsedPolicy, proxies: readonly Proxy[]): string[] {
  return proxies.filter(({ labels }) => matchesSelector(selector, labels)).map(({ target }) => target.uid);
}
