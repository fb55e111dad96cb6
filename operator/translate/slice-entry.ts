/**
 * One entry of an EndpointSlice → one candidate.
 *
 *  ready  serving  terminating  maintenance │ state
 *  yes    –        no           no          │ active
 *  yes    –        no           yes         │ draining
 *  yes    –        yes          –           │ draining: what is ready is never dropped, whatever `serving` says
 *  no     –        no           –           │ unavailable: counted, not pushed
 *  no     yes      yes          –           │ draining
 *  no     no       yes          –           │ gone: not even counted
 *
 * A missing `ready` is yes, a missing `serving` is what `ready` is, a missing `terminating` is no. An endpoint is ready while it
 * terminates where the Service has publishNotReadyAddresses.
 */
import { podSettings } from './pod-annotations.ts';
import { readHints } from './topology.ts';
import type { EndpointSlice, PodMetadata, SliceEndpoint } from '../api/kubernetes.ts';
import type { Endpoint } from '../../proxy/snapshot/types.ts';

export type EndpointState = 'active' | 'draining' | 'unavailable';

/** An entry without its place among others. */
export interface SliceEntry {
  /** Target UID, else address and port: equal for entries of the same Pod or machine. */
  readonly key: string;
  /** Whether `key` is a target's UID. */
  readonly targeted: boolean;
  readonly state: EndpointState;
  readonly endpoint: Omit<Endpoint, 'state'>;
}

/** Characters. Longer texts come only from hand-written slices, and would make a proxy refuse the whole snapshot. */
const MAX_TEXT = 253;
const IPV4 = /^(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/;
const IPV6_CHARACTERS = /^[0-9a-fA-F:.]+$/;

/** Undefined: the endpoint is gone, or has no address that a proxy could connect to. `notes` gets what was ignored. */
export function readEntry(
  entry: SliceEndpoint,
  slice: EndpointSlice,
  port: number,
  pods: ReadonlyMap<string, PodMetadata>,
  notes: Set<string>,
): SliceEntry | undefined {
  // All addresses of an entry are the same endpoint: the first one is used.
  const address = canonicalAddress(entry.addresses?.[0] ?? '', slice.addressType);
  if (address === undefined) return undefined;
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
      ...readHints(entry),
    },
  };
}

/**
 * A literal of the slice's address type in its one canonical form; undefined: it is none. The URL parser implements the grammar of
 * IPv6 and its canonical form (RFC 5952), and does no I/O.
 */
export function canonicalAddress(address: string, addressType: string): string | undefined {
  if (addressType === 'IPv4') return IPV4.test(address) ? address : undefined;
  if (!IPV6_CHARACTERS.test(address)) return undefined;
  return URL.parse(`http://[${address}]/`)?.hostname.slice(1, -1);
}

function usable(text: string | null | undefined): string | undefined {
  return text && text.length <= MAX_TEXT ? text : undefined;
}

function stateOf({ conditions }: SliceEndpoint, maintenance: boolean): EndpointState | undefined {
  const ready = conditions?.ready ?? true;
  const serving = conditions?.serving ?? ready;
  if (conditions?.terminating ?? false) return ready || serving ? 'draining' : undefined;
  if (!ready) return 'unavailable';
  return maintenance ? 'draining' : 'active';
}
