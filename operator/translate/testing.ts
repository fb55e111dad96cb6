/** Builders for tests: the smallest objects of each kind, and an inventory of them. */
import { PROXY_GATEWAY, PROXY_LABEL, SERVICE_NAME_LABEL } from '../api/labels.ts';
import type { EndpointSlice, KubernetesObject, ObjectMeta, Pod, PodMetadata, Service, SliceEndpoint } from '../api/kubernetes.ts';
import type { LoadBalancerPolicy, PolicySpec } from '../api/policy.gen.ts';
import type { Inventory } from './types.ts';

export const SETTINGS = { namespace: 'outrigger-system' };

export function meta(name: string, more: Partial<ObjectMeta> = {}): ObjectMeta {
  const creationTimestamp = '2026-01-01T00:00:00Z';
  return { name, namespace: 'default', uid: `uid-${name}`, resourceVersion: '1', generation: 1, creationTimestamp, ...more };
}

export function policy(name: string, spec: Partial<PolicySpec> = {}, more: Partial<ObjectMeta> = {}): LoadBalancerPolicy {
  const complete = { listener: { port: 8080 }, backendRefs: [{ name: 'echo', port: 80 }], ...spec };
  return { kind: 'LoadBalancerPolicy', metadata: meta(name, more), spec: complete };
}

export function service(name: string, spec: Service['spec'] = { ports: [{ name: 'http', port: 80 }] }): Service {
  return { kind: 'Service', metadata: meta(name), spec };
}

export function slice(name: string, endpoints: readonly SliceEndpoint[], more: Partial<EndpointSlice> = {}): EndpointSlice {
  const metadata = meta(name, { labels: { [SERVICE_NAME_LABEL]: 'echo' } });
  return { kind: 'EndpointSlice', metadata, addressType: 'IPv4', ports: [{ name: 'http', port: 8080 }], endpoints, ...more };
}

export function gateway(name: string, labels: Readonly<Record<string, string>> = {}): Pod {
  const metadata = meta(name, { namespace: SETTINGS.namespace, labels: { [PROXY_LABEL]: PROXY_GATEWAY, ...labels } });
  return { kind: 'Pod', metadata, spec: {}, status: { phase: 'Running', podIP: '10.0.9.1' } };
}

interface Objects {
  readonly policies?: readonly LoadBalancerPolicy[];
  readonly services?: readonly Service[];
  readonly endpointSlices?: readonly EndpointSlice[];
  readonly annotatedPods?: readonly PodMetadata[];
  readonly proxyPods?: readonly Pod[];
  /** Name of a Node → its zone. */
  readonly nodeZones?: Readonly<Record<string, string>>;
}

export function inventory(objects: Objects): Inventory {
  return {
    policies: byKey(objects.policies),
    services: byKey(objects.services),
    endpointSlices: byKey(objects.endpointSlices),
    annotatedPods: byKey(objects.annotatedPods),
    proxyPods: byKey(objects.proxyPods),
    nodeZones: new Map(Object.entries(objects.nodeZones ?? {})),
    terminatingNamespaces: new Map(),
  };
}

function byKey<T extends KubernetesObject>(objects: readonly T[] = []): Map<string, T> {
  return new Map(objects.map((object) => [`${object.metadata.namespace}/${object.metadata.name}`, object]));
}
