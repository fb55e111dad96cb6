/**
 * What Kubernetes' EndpointSlice controller does, for Services with a selector: one slice a Service (a laptop has few pods), rewritten
 * whenever its content would change. Conditions as recorded from a real controller: `serving` is the pod's Ready condition,
 * `terminating` is its deletionTimestamp, `ready` is serving and not terminating. Endpoints that are ready have the hints that the
 * Service's `trafficDistribution` asks for.
 */
import { isDeepStrictEqual } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiError, type Api, type ApiObject } from './api.ts';
import { follow, keyOf } from './follow.ts';
import type { Nodes } from './nodes.ts';
import type { Pod } from './pod-types.ts';

const RETRY_MS = 100;

export interface Service extends ApiObject {
  readonly spec: {
    readonly selector?: Readonly<Record<string, string>>;
    readonly publishNotReadyAddresses?: boolean;
    readonly trafficDistribution?: string;
    readonly ports?: readonly ServicePort[];
  };
}

interface ServicePort {
  readonly name?: string;
  readonly port: number;
  readonly protocol?: string;
  readonly targetPort?: number | string;
  readonly appProtocol?: string;
}

/** The part of an EndpointSlice that follows from a Service and its pods. */
export function sliceContent(
  service: Service,
  pods: readonly Pod[],
  nodes: Nodes = {},
): { endpoints: object[]; ports: object[] } {
  const chosen = pods.filter(
    (pod) => matches(service, pod) && pod.status?.podIP && !/^(Succeeded|Failed)$/.test(pod.status.phase ?? ''),
  );
  const endpoints = chosen.map((pod) => {
    const { name, namespace, uid, deletionTimestamp } = pod.metadata;
    const serving = pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
    const terminating = deletionTimestamp !== undefined;
    const { nodeName } = pod.spec;
    const zone = nodes[nodeName ?? ''];
    const ready = service.spec.publishNotReadyAddresses === true || (serving && !terminating);
    return {
      addresses: [pod.status?.podIP],
      conditions: { ready, serving, terminating },
      targetRef: { kind: 'Pod', namespace, name, uid },
      ...(nodeName === undefined ? {} : { nodeName }),
      ...(zone === undefined ? {} : { zone }),
      ...(ready && hintsFor(service, zone, nodeName)),
    };
  });
  const ports = (service.spec.ports ?? []).flatMap(({ name = '', protocol = 'TCP', appProtocol, ...port }) => {
    const number = targetPort(port.targetPort ?? port.port, chosen);
    return number === undefined ? [] : [{ name, protocol, port: number, ...(appProtocol === undefined ? {} : { appProtocol }) }];
  });
  return { endpoints, ports };
}

/** PreferSameNode hints the zone as well, for nodes without an endpoint. */
function hintsFor({ spec }: Service, zone: string | undefined, nodeName: string | undefined): object {
  const forNodes = nodeName !== undefined && spec.trafficDistribution === 'PreferSameNode' && { forNodes: [{ name: nodeName }] };
  const forZones = zone !== undefined && spec.trafficDistribution !== undefined && { forZones: [{ name: zone }] };
  return forNodes || forZones ? { hints: { ...forNodes, ...forZones } } : {};
}

function matches(service: Service, pod: Pod): boolean {
  const { selector = {} } = service.spec;
  const labels = pod.metadata.labels ?? {};
  return (
    service.metadata.namespace === pod.metadata.namespace &&
    Object.entries(selector).every(([key, value]) => labels[key] === value)
  );
}

/** A named port has the number that the first pod with it declares; pods with different numbers are not supported. */
function targetPort(target: number | string, pods: readonly Pod[]): number | undefined {
  if (typeof target === 'number') return target;
  const ports = pods.flatMap((pod) => pod.spec.containers.flatMap((container) => container.ports ?? []));
  return ports.find(({ name }) => name === target)?.containerPort;
}

/** Keeps the slices until it is stopped. */
export function keepSlices(api: Api, nodes: Nodes): { stop(): Promise<void> } {
  const services = new Map<string, Service>();
  const pods = new Map<string, Pod>();
  const written = new Map<string, object>();
  const waiting = new Set<string>();
  let working: Promise<void> | undefined;
  let stopped = false;

  const work = async () => {
    for (let [key] = waiting; key !== undefined && !stopped; [key] = waiting) {
      waiting.delete(key);
      const service = services.get(key);
      if (!service) continue;
      const content = sliceContent(service, [...pods.values()], nodes);
      if (isDeepStrictEqual(written.get(key), content)) continue;
      try {
        await write(api, service, content);
        written.set(key, content);
      } catch (error) {
        if (error instanceof ApiError && error.status < 500 && error.status !== 409) continue; // the Service is being deleted
        waiting.add(key);
        await delay(RETRY_MS);
      }
    }
  };
  const schedule = (keys: Iterable<string>) => {
    for (const key of keys) waiting.add(key);
    working ??= work().finally(() => (working = undefined));
  };
  const podChanged = (pod: Pod, there: boolean) => {
    const versions = [pods.get(keyOf(pod)) ?? pod, pod]; // labels may have moved it from one Service to another
    if (there) pods.set(keyOf(pod), pod);
    else pods.delete(keyOf(pod));
    schedule([...services].flatMap(([key, service]) => (versions.some((version) => matches(service, version)) ? [key] : [])));
  };
  const serviceChanged = (service: Service) => {
    if (Object.keys(service.spec.selector ?? {}).length === 0) return;
    services.set(keyOf(service), service);
    schedule([keyOf(service)]);
  };
  const serviceGone = (service: Service) => {
    services.delete(keyOf(service)); // its slice is deleted with its owner
    written.delete(keyOf(service));
  };

  const followers = [
    follow<Pod>(
      api,
      '/api/v1/pods',
      (pod) => podChanged(pod, true),
      (pod) => podChanged(pod, false),
    ),
    follow<Service>(api, '/api/v1/services', serviceChanged, serviceGone),
  ];
  return {
    stop: async () => {
      stopped = true;
      followers.forEach((follower) => follower.stop());
      await working;
    },
  };
}

const slicesPath = (service: Service) => `/apis/discovery.k8s.io/v1/namespaces/${service.metadata.namespace}/endpointslices`;
const slicePath = (service: Service) => `${slicesPath(service)}/${service.metadata.name}-local`;

async function write(api: Api, service: Service, content: object): Promise<void> {
  const { name, namespace, uid } = service.metadata;
  const owner = { apiVersion: 'v1', kind: 'Service', name, uid, controller: true, blockOwnerDeletion: true };
  const labels = {
    'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
    'kubernetes.io/service-name': name,
  };
  if (await api.find(slicePath(service))) {
    await api.patch(slicePath(service), { metadata: { ownerReferences: [owner] }, ...content });
    return;
  }
  await api.create(slicesPath(service), {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${name}-local`, namespace, labels, ownerReferences: [owner] },
    addressType: 'IPv4',
    ...content,
  });
}
