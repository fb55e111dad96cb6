/** EndpointSlices of one Service port → endpoints. Every entry is read by slice-entry.ts; here entries become distinct endpoints. */
import { MAX_ENDPOINTS_PER_POOL } from '../../proxy/snapshot/limits.ts';
import { resolvePorts } from './port-resolution.ts';
import { readEntry } from './slice-entry.ts';
import type { EndpointSlice, PodMetadata, Service, ServicePort } from '../api/kubernetes.ts';
import type { Endpoint } from '../../proxy/snapshot/types.ts';
import type { EndpointState, SliceEntry } from './slice-entry.ts';

export interface ResolvedEndpoints {
  /** The endpoints to push, sorted by id. */
  readonly endpoints: readonly Endpoint[];
  /** Ids of all endpoints that are not gone, pushed or not. */
  readonly known: readonly string[];
  /** Names of the slice ports that were used, for `previous` of the next time; where no slice had one, `previous` itself. */
  readonly portNames: readonly string[];
  /** What was ignored, and why. */
  readonly notes: readonly string[];
}

interface Candidate extends SliceEntry {
  readonly slice: EndpointSlice;
  /** Rank of the address family in the Service's preference; 0 is first. */
  readonly family: number;
}

const STATES: readonly EndpointState[] = ['active', 'draining', 'unavailable'];
const FAMILIES = ['IPv4', 'IPv6'];

/** Slices come sorted by name. `previous`: `portNames` of the last time. */
export function resolveEndpoints(
  service: Service,
  port: ServicePort,
  slices: readonly EndpointSlice[],
  pods: ReadonlyMap<string, PodMetadata>,
  previous: readonly string[],
): ResolvedEndpoints {
  const notes = new Set<string>();
  const names = new Set<string>();
  const usable = slices.filter(({ addressType }) => FAMILIES.includes(addressType));
  const ports = resolvePorts(service, port, usable, previous);
  const candidates = usable.flatMap((slice, i): Candidate[] => {
    const found = ports[i];
    if (!isPort(found?.port)) return [];
    names.add(found.name ?? '');
    return readSlice(slice, service, found.port, pods, notes);
  });
  const chosen = selectEndpoints(candidates);
  const pushed = chosen.flatMap(({ state, endpoint }) => (state === 'unavailable' ? [] : [{ ...endpoint, state }]));
  return {
    endpoints: limitEndpoints(pushed, notes),
    known: chosen.map(({ endpoint }) => endpoint.id),
    portNames: names.size === 0 ? previous : [...names].sort(),
    notes: [...notes],
  };
}

function readSlice(
  slice: EndpointSlice,
  service: Service,
  port: number,
  pods: ReadonlyMap<string, PodMetadata>,
  notes: Set<string>,
): Candidate[] {
  const rank = (service.spec.ipFamilies ?? FAMILIES).indexOf(slice.addressType as 'IPv4');
  const family = rank === -1 ? FAMILIES.length : rank;
  return (slice.endpoints ?? []).flatMap((given) => {
    const entry = readEntry(given, slice, port, pods, notes);
    return entry ? [{ ...entry, slice, family }] : [];
  });
}

/** A slice's port may be missing, which means any port: there is nothing to connect to. */
function isPort(port: number | null | undefined): port is number {
  return Number.isInteger(port) && Number(port) >= 1 && Number(port) <= 65535;
}

/**
 * The distinct endpoints. Of the entries of one target (or of one address, where there is no target):
 *
 * 1. the Service's first address family that has any;
 * 2. of that, the newest slice: it says where a Pod is now, and how it is;
 * 3. of that, one for each address: two addresses of a target in one slice are two endpoints.
 *
 * Addresses without a target cannot be recognised as one machine in two families, so only those of the best family that has any count.
 */
function selectEndpoints(candidates: readonly Candidate[]): Candidate[] {
  const best = new Map<string, Candidate[]>();
  const untargeted = candidates.reduce((least, { targeted, family }) => (targeted ? least : Math.min(least, family)), Infinity);
  for (const candidate of candidates) {
    if (!candidate.targeted && candidate.family > untargeted) continue;
    const others = best.get(candidate.key);
    const order = others === undefined ? -1 : compare(candidate, others[0] as Candidate);
    if (order < 0) best.set(candidate.key, [candidate]);
    else if (order === 0) others?.push(candidate);
  }
  // A target's UID is arbitrary text, and may make an id equal another endpoint's address: ids must still be unique.
  const distinct = [...best.values()].flatMap(distinctAddresses).map((candidate) => [candidate.endpoint.id, candidate] as const);
  return [...new Map(distinct).values()];
}

/** Below 0: `a` is preferred. 0: entries of one slice. */
function compare(a: Candidate, b: Candidate): number {
  if (a.slice === b.slice) return 0;
  const newer = compareVersions(b.slice.metadata.resourceVersion, a.slice.metadata.resourceVersion);
  return (
    a.family - b.family ||
    newer ||
    STATES.indexOf(a.state) - STATES.indexOf(b.state) ||
    (a.slice.metadata.name < b.slice.metadata.name ? -1 : 1)
  );
}

/** Resource versions of one resource type are whole numbers of any length, and can be compared (Kubernetes 1.35). */
function compareVersions(a: string, b: string): number {
  if (a === b) return 0;
  return a.length - b.length || (a < b ? -1 : 1);
}

/** The first address keeps the id of the target, so that most endpoints have the same id at whatever address; the others add theirs. */
function distinctAddresses(entries: readonly Candidate[]): readonly Candidate[] {
  if (entries.length === 1) return entries;
  const byAddress = new Map<string, Candidate>();
  for (const entry of entries) {
    const { address } = entry.endpoint;
    const same = byAddress.get(address);
    // One address twice: the better state.
    if (same === undefined || STATES.indexOf(entry.state) < STATES.indexOf(same.state)) byAddress.set(address, entry);
  }
  return [...byAddress.values()].map((entry, i) => (i === 0 ? entry : withAddress(entry)));
}

function withAddress(entry: Candidate): Candidate {
  const { endpoint } = entry;
  const add = (name: string): string => `${name}@${endpoint.address}`;
  return { ...entry, endpoint: { ...endpoint, id: add(endpoint.id), hashKey: add(endpoint.hashKey) } };
}

/** Where there are too many, active ones first. The choice does not depend on their order. */
function limitEndpoints(endpoints: Endpoint[], notes: Set<string>): Endpoint[] {
  const byId = (a: Endpoint, b: Endpoint): number => (a.id < b.id ? -1 : 1);
  if (endpoints.length <= MAX_ENDPOINTS_PER_POOL) return endpoints.sort(byId);
  notes.add(`of ${endpoints.length} endpoints only ${MAX_ENDPOINTS_PER_POOL} are used, the most that one backend may have`);
  const activeFirst = (a: Endpoint, b: Endpoint): number => STATES.indexOf(a.state) - STATES.indexOf(b.state) || byId(a, b);
  return endpoints.sort(activeFirst).slice(0, MAX_ENDPOINTS_PER_POOL).sort(byId);
}
