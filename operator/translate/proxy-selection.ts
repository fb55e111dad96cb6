import { PROXY_CONTAINER, PROXY_GATEWAY, PROXY_LABEL, PROXY_SIDECAR } from '../api/labels.ts';
import { matchesSelector } from '../api/selector.ts';
import type { Pod } from '../api/kubernetes.ts';
import type { ParsedPolicy, ProxyType } from './policy.ts';
import type { Inventory, ProxyTarget, TranslateSettings } from './types.ts';

type ContainerStatus = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number];

/** A proxy that may be pushed to, before its content is known. */
export interface Proxy {
  readonly target: Omit<ProxyTarget, 'selection'>;
  readonly type: ProxyType;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The gateway pods of the operator's namespace, and the sidecars of all, that run and have an address, in name order. */
export function listProxies({ proxyPods, nodeZones }: Inventory, settings: TranslateSettings): Proxy[] {
  return [...proxyPods.values()]
    .flatMap((pod) => {
      const type = runs(pod) ? typeOf(pod, settings) : undefined;
      return type === undefined ? [] : [describe(pod, type, nodeZones)];
    })
    .sort((a, b) => (a.target.name < b.target.name ? -1 : 1));
}

/** A pod on the host's network shares its ports with the node, and its address with other pods: never a proxy. */
function runs({ spec, status }: Pod): boolean {
  return spec.hostNetwork !== true && status?.phase !== 'Succeeded' && status?.phase !== 'Failed' && Boolean(status?.podIP);
}

/** The label alone does not make a sidecar: it may come from a template of a pod that the webhook never received. */
function typeOf({ metadata, spec }: Pod, { namespace }: TranslateSettings): ProxyType | undefined {
  const label = metadata.labels?.[PROXY_LABEL];
  if (label === PROXY_GATEWAY && metadata.namespace === namespace) return 'Gateway';
  if (label === PROXY_SIDECAR && spec.initContainers?.some(({ name }) => name === PROXY_CONTAINER)) return 'Sidecar';
  return undefined;
}

function describe({ metadata, spec, status }: Pod, type: ProxyType, nodeZones: Inventory['nodeZones']): Proxy {
  const containers = (type === 'Sidecar' ? status?.initContainerStatuses : status?.containerStatuses) ?? [];
  const container = containers.find(({ name }) => name === PROXY_CONTAINER) ?? containers[0];
  const trouble = container && troubleOf(container);
  const { nodeName: node } = spec;
  const ready = status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
  const started = startOf(metadata, container);
  const target = {
    uid: metadata.uid,
    name: `${metadata.namespace}/${metadata.name}`,
    address: status?.podIP ?? '',
    ...(node && { location: { zone: nodeZones.get(node) ?? '', node } }),
    container: container ? `${container.containerID ?? ''}/${container.restartCount ?? 0}` : '',
    ready,
    terminating: metadata.deletionTimestamp !== undefined,
    ...(trouble !== undefined && { trouble }),
    ...(started !== undefined && { started }),
    ...(type === 'Sidecar' && { sidecar: true as const }),
  };
  return { target, type, namespace: metadata.namespace ?? '', labels: metadata.labels ?? {} };
}

/** A container that runs again has ended before, which is not normal: undefined. */
function startOf({ creationTimestamp }: Pod['metadata'], container: ContainerStatus | undefined): number | undefined {
  const { state, restartCount = 0 } = container ?? {};
  if (restartCount > 0 || state?.terminated) return undefined;
  const started = Date.parse(state?.running?.startedAt ?? creationTimestamp);
  return Number.isNaN(started) ? undefined : started;
}

/** Reasons of a normal start or end. */
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
export function selectProxies({ proxyType, namespace, selector }: ParsedPolicy, proxies: readonly Proxy[]): string[] {
  const mine = (proxy: Proxy): boolean =>
    proxy.type === proxyType &&
    (proxyType === 'Gateway' || proxy.namespace === namespace) &&
    matchesSelector(selector, proxy.labels);
  return proxies.filter(mine).map(({ target }) => target.uid);
}
