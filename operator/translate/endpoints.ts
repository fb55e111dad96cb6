/**
 * EndpointSlices of one Service port → endpoints.
 *
 *  ready  serving  terminating  maintenance │ state
 *  yes    –        no           no          │ active
 *  yes    –        no           yes         │ draining
 *  no     –        no           –           │ unavailable: counted, not pushed
 *  –      yes      yes          –           │ draining
 *  –      no       yes          –           │ gone: not even counted
 */
import { podSettings } from './pod-annotations.ts';
import { MAX_ENDPOINTS_PER_POOL } from '../../proxy/snapshot/limits.ts';
import type { EndpointSlice, PodMetadata, Service, SliceEndpoint } from '../api/kubernetes.ts';
import type { Endpoint } from '../../proxy/snapshot/types.ts';

export interface ResolvedEndpoints {
  /** The endpoints to push, sorted by id. */
  readonly endpoints: readonly Endpoint[];
  /** Ids of all endpoints that are not gone, pushed or not. */
  readonly known: readonly string[];
  /** What was ignored, and why. */
  readonly notes: readonly string[];
}

type State = 'active' | 'draining' | 'unavailable';

interface Candidate {
  /** Target UID, else address and port: equal for entries of the same endpoint. */
  readonly key: string;
  readonly targeted: boolean;
  /** Rank of the address family in the Service's preference; 0 is first. */
  readonly family: number;
  readonly state: State;
  readonly endpoint: Omit<Endpoint, 'state'>;
}

/** Characters. Longer texts come only from hand-written slices, and would make a proxy refuse the whole snapshot. */
const MAX_TEXT = 253;
const IPV4 = /^(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/;
const IPV6_CHARACTERS = /^[0-9a-fA-F:.]+$/;
const STATES: readonly State[] = ['active', 'draining', 'unavailable'];
const FAMILIES = ['IPv4', 'IPv6'];

/** `portName`: the Service port's name, by which each slice has its own number. Slices come sorted by name. */
export function resolveEndpoints(
  service: Service,
  portName: string,
  slices: readonly EndpointSlice[],
  pods: ReadonlyMap<string, PodMetadata>,
): ResolvedEndpoints {
  const notes = new Set<string>();
  const candidates = slices.flatMap((slice) => readSlice(slice, service, portName, pods, notes));
  const chosen = deduplicate(candidates);
  const pushed = chosen.flatMap(({ state, endpoint }) => (state === 'unavailable' ? [] : [{ ...endpoint, state }]));
  return { endpoints: limitEndpoints(pushed, notes), known: chosen.map(({ endpoint }) => endpoint.id), notes: [...notes] };
}

function readSlice(
  slice: EndpointSlice,
  service: Service,
  portName: string,
  pods: ReadonlyMap<string, PodMetadata>,
  notes: Set<string>,
): Candidate[] {
  if (!FAMILIES.includes(slice.addressType)) return [];
  const port = slice.ports?.find((p) => (p.name ?? '') === portName && (p.protocol ?? 'TCP') === 'TCP')?.port;
  if (!isPort(port)) return [];
  const family = (service.spec.ipFamilies ?? FAMILIES).indexOf(slice.addressType as 'IPv4');
  return (slice.endpoints ?? []).flatMap((entry) => {
    const candidate = readEntry(entry, slice, port, pods, notes);
    return candidate ? [{ ...candidate, family: family === -1 ? FAMILIES.length : family }] : [];
  });
}

function readEntry(
  entry: SliceEndpoint,
  slice: EndpointSlice,
  port: number,
  pods: ReadonlyMap<string, PodMetadata>,
  notes: Set<string>,
): Omit<Candidate, 'family'> | undefined {
  // All addresses of an entry are the same endpoint: the first one is used.
  const address = entry.addresses?.[0];
  if (address === undefined || !isEndpointAddress(address, slice.addressType)) return undefined;
  const { targetRef } = entry;
  const pod =
    targetRef?.kind === 'Pod' ? pods.get(`${targetRef.namespace ?? slice.metadata.namespace}/${targetRef.name}`) : undefined;
  const settings = podSettings(pod?.metadata.uid === targetRef?.uid ? pod : undefined, notes);
  const state = stateOf(entry, settings.maintenance);
  if (state === undefined) return undefined;
  const place = `${slice.addressType === 'IPv6' ? `[${address}]` : address}:${port}`;
  const uid = usable(targetRef?.uid);
  const name = targetRef?.kind === 'Pod' ? usable(targetRef.name) : undefined;
  return {
    key: uid ?? place,
    targeted: uid !== undefined,
    state,
    endpoint: {
      id: uid === undefined ? place : `${uid}:${port}`,
      hashKey: name === undefined ? place : `${name}:${port}`,
      address,
      port,
      weight: settings.weight,
      zone: usable(entry.zone) ?? '',
    },
  };
}

/** Whether a slice's address is a literal of its address type. The URL parser implements the grammar of IPv6, and does no I/O. */
export function isEndpointAddress(address: string, addressType: string): boolean {
  if (addressType === 'IPv4') return IPV4.test(address);
  return IPV6_CHARACTERS.test(address) && URL.canParse(`http://[${address}]/`);
}

/** A slice's port may be missing, which means any port: there is nothing to connect to. */
function isPort(port: number | null | undefined): port is number {
  return Number.isInteger(port) && Number(port) >= 1 && Number(port) <= 65535;
}

function usable(text: string | null | undefined): string | undefined {
  return text && text.length <= MAX_TEXT ? text : undefined;
}

function stateOf({ conditions }: SliceEndpoint, maintenance: boolean): State | undefined {
  const ready = conditions?.ready ?? true;
  const serving = conditions?.serving ?? ready;
  if (conditions?.terminating ?? false) return serving ? 'draining' : undefined;
  if (!ready) return 'unavailable';
  return maintenance ? 'draining' : 'active';
}

/**
 * One candidate for each key: the preferred family first, then the better state, then the earlier slice. Addresses without a
 * target cannot be recognised as one machine in two families, so only those of the best family that has any count.
 */
function deduplicate(candidates: readonly Candidate[]): Candidate[] {
  const best = new Map<string, Candidate>();
  const untargeted = candidates.reduce((least, { targeted, family }) => (targeted ? least : Math.min(least, family)), Infinity);
  for (const candidate of candidates) {
    if (!candidate.targeted && candidate.family > untargeted) continue;
    const other = best.get(candidate.key);
    if (other === undefined || rank(candidate) < rank(other)) best.set(candidate.key, candidate);
  }
  // A target's UID is arbitrary text, and may make an id equal another endpoint's address: ids must still be unique.
  return [...new Map([...best.values()].map((candidate) => [candidate.endpoint.id, candidate])).values()];
}

function rank({ family, state }: Candidate): number {
  return family * STATES.length + STATES.indexOf(state);
}

/** Where there are too many, active ones first. The choice does not depend on their order. */
function limitEndpoints(endpoints: Endpoint[], notes: Set<string>): Endpoint[] {
  const byId = (a: Endpoint, b: Endpoint): number => (a.id < b.id ? -1 : 1);
  if (endpoints.length <= MAX_ENDPOINTS_PER_POOL) return endpoints.sort(byId);
  notes.add(`of ${endpoints.length} endpoints only ${MAX_ENDPOINTS_PER_POOL} are used, the most that one backend may have`);
  const activeFirst = (a: Endpoint, b: Endpoint): number => STATES.indexOf(a.state) - STATES.indexOf(b.state) || byId(a, b);
  return endpoints.sort(activeFirst).slice(0, MAX_ENDPOINTS_PER_POOL).sort(byId);
}
