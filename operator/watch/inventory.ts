import type { EndpointSlice, Pod, PodMetadata, Service } from '../api/kubernetes.ts';
import { POD_ANNOTATIONS, PROXY_LABEL, ZONE_LABEL } from '../api/labels.ts';
import type { LoadBalancerPolicy } from '../api/policy.gen.ts';
import type { KubeClient } from '../kube/client.ts';
import { COLLECTIONS } from '../kube/api-paths.ts';
import type { Inventory } from '../translate/types.ts';
import { reflect, REFLECTOR_TIMING, type ReflectorReport, type ReflectorTiming, type Sink } from './reflector.ts';
import { createObjectCache } from './object-cache.ts';
import { createMovingEndpoints } from './moving-endpoints.ts';
import { createMetadataValues } from './metadata-values.ts';

export interface InventorySource {
  /** Whether every collection has been listed once; until then nothing may be pushed or written. */
  readonly ready: boolean;
  /** The present state. Immutable; collections that did not change are the same maps as before. */
  current(): Inventory;
  /** Watches until the signal aborts; resolves when everything is closed. */
  run(signal: AbortSignal): Promise<void>;
}

export interface InventoryOptions {
  readonly client: KubeClient;
  readonly report: ReflectorReport;
  /** Called after every change, ready or not. */
  readonly changed: () => void;
  readonly random: () => number;
  readonly timing?: ReflectorTiming;
}

const METADATA_ONLY = {
  list: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
  watch: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
};

export function createInventory(options: InventoryOptions): InventorySource {
  const { changed } = options;
  const policies = createObjectCache<LoadBalancerPolicy>(changed);
  const services = createObjectCache<Service>(changed);
  const moving = createMovingEndpoints(changed);
  const endpointSlices = createObjectCache<EndpointSlice>(changed, undefined, (before, after) => moving.observe(before, after));
  const proxyPods = createObjectCache<Pod>(changed);
  const annotatedPods = createObjectCache<PodMetadata>(changed, isAnnotated);
  const nodeZones = createMetadataValues(({ labels }) => labels?.[ZONE_LABEL] || undefined, changed);
  const terminatingNamespaces = createMetadataValues(({ deletionTimestamp }) => deletionTimestamp, changed);
  const stores = [policies, services, endpointSlices, proxyPods, annotatedPods, nodeZones, terminatingNamespaces];
  return {
    get ready() {
      return stores.every((store) => store.synced);
    },
    current: () => ({
      policies: policies.view(),
      services: services.view(),
      endpointSlices: moving.addTo(endpointSlices.view()),
      proxyPods: proxyPods.view(),
      annotatedPods: annotatedPods.view(),
      nodeZones: nodeZones.view(),
      terminatingNamespaces: terminatingNamespaces.view(),
    }),
    async run(signal) {
      const { client, report, random, timing = REFLECTOR_TIMING } = options;
      const start = <T extends PodMetadata>(kind: string, path: string, sink: Sink<T>, narrow: object = {}): Promise<void> =>
        reflect<T>({ kind, path, sink, client, report, random, timing, signal, ...narrow });
      await Promise.all([
        start('LoadBalancerPolicy', COLLECTIONS.policies, policies),
        start('Service', COLLECTIONS.services, services),
        start('EndpointSlice', COLLECTIONS.endpointSlices, endpointSlices),
        start('ProxyPod', COLLECTIONS.pods, proxyPods, { query: { labelSelector: PROXY_LABEL } }),
        start('PodMetadata', COLLECTIONS.pods, annotatedPods, { accept: METADATA_ONLY }),
        start('NodeMetadata', COLLECTIONS.nodes, nodeZones, { accept: METADATA_ONLY }),
        start('NamespaceMetadata', COLLECTIONS.namespaces, terminatingNamespaces, { accept: METADATA_ONLY }),
      ]);
      moving.stop();
    },
  };
}

/** Of all Pods in the cluster, only those with one of our annotations are kept. */
function isAnnotated({ metadata }: PodMetadata): boolean {
  return POD_ANNOTATIONS.some((name) => metadata.annotations?.[name] !== undefined);
}
