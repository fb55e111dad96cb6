import { readSharedWith } from '../api/annotations.ts';
import { SERVICE_NAME_LABEL, SHARED_WITH_ANNOTATION } from '../api/labels.ts';
import { digest } from '../../proxy/snapshot/canonical.ts';
import { resolveEndpoints } from './endpoints.ts';
import { getOrInsert } from '../util/get-or-insert.ts';
import { rememberLast } from './memoize.ts';
import { ignoredTopology, keepUsefulHints } from './topology.ts';
import type { EndpointSlice, Service, ServicePort } from '../api/kubernetes.ts';
import type { PoolPart } from '../../proxy/snapshot/types.ts';
import type { Backend, ParsedPolicy } from './policy.ts';
import type { Problem } from './field-parser.ts';
import type { ResolvedEndpoints } from './endpoints.ts';
import type { Inventory, PortNames } from './types.ts';

/** One backend of one policy. A backend that does not resolve is a pool without endpoints, so that its share gets 503. */
export interface Pool {
  /** `Backend.pool`. */
  readonly id: string;
  readonly digest: string;
  readonly part: PoolPart;
  /** Ids of all endpoints of the Service, ready or not. */
  readonly known: readonly string[];
  /** See ResolvedEndpoints. */
  readonly portNames: readonly string[];
  readonly problem?: Problem;
  readonly notes: readonly string[];
}

/** Slices by `namespace/service`, each list sorted by name so that the order of events does not matter. */
export type SlicesByService = ReadonlyMap<string, readonly EndpointSlice[]>;

export function indexSlices(slices: Iterable<EndpointSlice>): SlicesByService {
  const index = new Map<string, EndpointSlice[]>();
  for (const slice of slices) {
    const service = slice.metadata.labels?.[SERVICE_NAME_LABEL];
    if (service === undefined) continue;
    getOrInsert(index, `${slice.metadata.namespace}/${service}`, () => []).push(slice);
  }
  for (const list of index.values()) list.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  return index;
}

const NO_NAMES: readonly string[] = [];

const lastPool = rememberLast<Backend, Pool>();

/**
 * The pools of the Services that a policy names, in order. Only pools whose inputs changed are computed. `previous`: the port names of
 * the last time.
 */
export function resolvePools(policy: ParsedPolicy, inventory: Inventory, slices: SlicesByService, previous: PortNames): Pool[] {
  const pods = inventory.annotatedPods;
  return policy.references.map((backend) => {
    const service = inventory.services.get(backend.service);
    const mine = slices.get(backend.service) ?? [];
    const names = previous.get(backend.pool) ?? NO_NAMES;
    return lastPool(backend, [service, pods, names.join('\n'), ...mine], () =>
      resolvePool(policy, backend, service, mine, pods, names),
    );
  });
}

function resolvePool(
  policy: ParsedPolicy,
  backend: Backend,
  service: Service | undefined,
  slices: readonly EndpointSlice[],
  pods: Inventory['annotatedPods'],
  previous: readonly string[],
): Pool {
  const found = refuseReference(policy, backend, service) ?? findPort(service, backend);
  const resolved: ResolvedEndpoints =
    'port' in found
      ? resolveEndpoints(found.service, found.port, slices, pods, previous)
      : { endpoints: [], known: [], portNames: [], notes: [] };
  const topology = 'port' in found ? ignoredTopology(found.service, resolved.endpoints, policy.loadBalancer) : [];
  const part: PoolPart = { ...partOf(policy), endpoints: keepUsefulHints(resolved.endpoints, policy.loadBalancer) };
  return {
    id: backend.pool,
    digest: digest(part),
    part,
    known: resolved.known,
    portNames: resolved.portNames,
    notes: [...resolved.notes, ...tooFewSlots(part), ...topology],
    ...('reason' in found && { problem: { reason: found.reason, message: `${backend.field}: ${found.message}` } }),
  };
}

/** The members that all pools of a policy share. */
export function partOf({ loadBalancer, healthCheck, perEndpoint }: ParsedPolicy): Omit<PoolPart, 'endpoints'> {
  return { loadBalancer, healthCheck, ...(perEndpoint !== undefined && { maxParallelRequests: perEndpoint }) };
}

/** A note where some endpoints get no slot of the Maglev table: these serve only when the others are unavailable. */
function tooFewSlots({ loadBalancer, endpoints }: PoolPart): string[] {
  if (loadBalancer.type !== 'ConsistentHash' || loadBalancer.consistentHash.algorithm !== 'Maglev') return [];
  const { tableSize } = loadBalancer.consistentHash;
  if (endpoints.length <= tableSize) return [];
  return [
    `loadBalancer.consistentHash.tableSize ${tableSize} has no room for ${endpoints.length} endpoints: some get no traffic`,
  ];
}

/**
 * Why a policy may not use a Service; undefined when it may. A gateway serves every client that reaches it, so the owner of a Service
 * in another namespace must share it. A sidecar serves its own pod, which can call any Service anyway. Only those who may use a
 * Service learn that it does not exist.
 */
function refuseReference(
  { proxyType, namespace }: ParsedPolicy,
  backend: Backend,
  service: Service | undefined,
): Problem | undefined {
  if (proxyType === 'Sidecar' || backend.namespace === namespace) return undefined;
  const { namespaces } = readSharedWith(service?.metadata.annotations);
  if (namespaces.includes('*') || namespaces.includes(namespace)) return undefined;
  return {
    reason: 'RefNotPermitted',
    message: `Service ${backend.service} is not shared with namespace ${namespace}, or does not exist: its owner can annotate it with ${SHARED_WITH_ANNOTATION}: "${namespace}"`,
  };
}

/** The Service port that a backend names, or why there is none. */
function findPort(
  service: Service | undefined,
  { service: key, port }: Backend,
): { service: Service; port: ServicePort } | Problem {
  if (service === undefined)
    return { reason: 'BackendNotFound', message: `Service ${key} does not exist: create it, or correct the name` };
  if (service.spec.type === 'ExternalName')
    return {
      reason: 'UnsupportedValue',
      message: `Service ${key} is of type ExternalName, which has no endpoints: name a Service with a selector or EndpointSlices`,
    };
  const ports = service.spec.ports ?? [];
  const same = ports.filter((candidate) => candidate.port === port);
  const tcp = same.find((candidate) => (candidate.protocol ?? 'TCP') === 'TCP');
  if (tcp !== undefined) return { service, port: tcp };
  if (same.length > 0)
    return { reason: 'UnsupportedProtocol', message: `port ${port} of Service ${key} is ${same[0]?.protocol}: name a TCP port` };
  return {
    reason: 'PortNotFound',
    message: `Service ${key} has no port ${port}: use ${listPorts(ports)}, or add the port to the Service`,
  };
}

function listPorts(ports: readonly ServicePort[]): string {
  const tcp = ports.filter((port) => (port.protocol ?? 'TCP') === 'TCP');
  if (tcp.length === 0) return 'another Service';
  const shown = tcp.slice(0, 10).map(({ port, name }) => (name === undefined || name === '' ? `${port}` : `${port} (${name})`));
  return shown.join(', ') + (tcp.length > shown.length ? ` or one of ${tcp.length - shown.length} more` : '');
}
