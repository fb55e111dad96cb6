import { SERVICE_NAME_LABEL } from '../api/labels.ts';
import type { EndpointSlice, SliceEndpoint } from '../api/kubernetes.ts';
import { systemClock, type Clock } from '../util/clock.ts';
import { getOrInsert } from '../util/get-or-insert.ts';

/** Milliseconds without an event for a Service's slices after which no more of them is expected to follow. */
const QUIET_MS = 500;
/** Milliseconds from when an endpoint left until it is given up, however many events follow. */
const MAX_MS = 2_000;

/**
 * The endpoints that are in no slice for a moment, because a controller moves them from one slice to another: it writes one slice after
 * the other, and the one that loses them may come first. With more than a hundred endpoints the controller of Kubernetes does so when a
 * Service port is renamed.
 *
 * An endpoint that leaves the last slice it was in is kept until it is in another one, or until the slices of its Service have not
 * changed for QUIET_MS, but for MAX_MS at most. Only if it was ready and not terminating: a Pod that ends is terminating first, and
 * leaves at once.
 */
export interface MovingEndpoints {
  /** A slice changed, came (`before` undefined) or went (`after` undefined). */
  observe(before: EndpointSlice | undefined, after: EndpointSlice | undefined): void;
  /** The slices, and others that hold what is kept: of version 0, so that every real slice is newer. The same map until something changes. */
  addTo(slices: ReadonlyMap<string, EndpointSlice>): ReadonlyMap<string, EndpointSlice>;
  /** Ends all timers. */
  stop(): void;
}

/** What is kept of one Service. */
interface Kept {
  /** The oldest comes first. */
  parts: readonly Part[];
  /** When its slices have been quiet. */
  quietAt: number;
  cancel: () => void;
}

/** Endpoints that left a slice together. */
interface Part {
  /** With the ports of the slice that they were in. */
  readonly slice: EndpointSlice;
  /** They are given up then, even if the slices are not quiet. */
  readonly until: number;
}

/** @param changed called when endpoints are given up; not when `observe` changes something */
export function createMovingEndpoints(changed: () => void, clock: Clock = systemClock): MovingEndpoints {
  const present = new Map<string, Set<EndpointSlice>>();
  const kept = new Map<string, Kept>();
  let last: { readonly of: ReadonlyMap<string, EndpointSlice>; readonly all: ReadonlyMap<string, EndpointSlice> } | undefined;

  const depart = (service: string, slice: EndpointSlice, after: EndpointSlice | undefined): void => {
    const stays = new Set(after && keysOf(after));
    const gone = (slice.endpoints ?? []).filter((endpoint) => isReady(endpoint) && !stays.has(keyOf(slice, endpoint)));
    if (gone.length === 0) return;
    const elsewhere = new Set([...(present.get(service) ?? [])].flatMap(keysOf));
    const endpoints = gone.filter((endpoint) => !elsewhere.has(keyOf(slice, endpoint)));
    if (endpoints.length === 0) return;
    const known = getOrInsert(kept, service, (): Kept => ({ parts: [], quietAt: 0, cancel: () => undefined }));
    const left = { ...slice, metadata: { ...slice.metadata, resourceVersion: '0' }, endpoints };
    known.parts = [...known.parts, { slice: left, until: clock.now() + MAX_MS }];
  };
  const arrive = (service: string, slice: EndpointSlice): void => {
    const known = kept.get(service);
    if (known === undefined) return;
    const here = new Set(keysOf(slice));
    known.parts = known.parts
      .map((part) => ({ ...part, slice: without(part.slice, here) }))
      .filter((part) => part.slice.endpoints?.length);
  };
  const giveUp = (service: string, known: Kept, at: number): void => {
    known.parts = known.quietAt <= at ? [] : known.parts.filter(({ until }) => until > at);
    wait(service, known);
    last = undefined;
    changed();
  };
  const wait = (service: string, known: Kept): void => {
    known.cancel();
    const [oldest] = known.parts;
    if (oldest === undefined) return void kept.delete(service);
    const at = Math.min(known.quietAt, oldest.until);
    known.cancel = clock.after(at - clock.now(), () => giveUp(service, known, at));
  };
  const notQuiet = (service: string): void => {
    const known = kept.get(service);
    if (known === undefined) return;
    known.quietAt = clock.now() + QUIET_MS;
    wait(service, known);
  };

  return {
    observe(before, after) {
      last = undefined;
      const [from, to] = [before && serviceOf(before), after && serviceOf(after)];
      if (before && from !== undefined) remove(present, from, before);
      if (after && to !== undefined) {
        getOrInsert(present, to, () => new Set<EndpointSlice>()).add(after);
        arrive(to, after);
        notQuiet(to);
      }
      if (before && from !== undefined) {
        depart(from, before, from === to ? after : undefined);
        notQuiet(from);
      }
    },
    addTo(slices) {
      if (last?.of === slices) return last.all;
      const extra = [...kept].flatMap(([service, known]) =>
        known.parts.map(({ slice }, i) => [`${service}#${i}`, slice] as const),
      );
      last = { of: slices, all: extra.length === 0 ? slices : new Map([...slices, ...extra]) };
      return last.all;
    },
    stop: () => kept.forEach(({ cancel }) => cancel()),
  };
}

function serviceOf({ metadata }: EndpointSlice): string | undefined {
  const name = metadata.labels?.[SERVICE_NAME_LABEL];
  return name === undefined ? undefined : `${metadata.namespace}/${name}`;
}

function isReady({ conditions }: SliceEndpoint): boolean {
  return (conditions?.ready ?? true) && !(conditions?.terminating ?? false);
}

function without(slice: EndpointSlice, keys: ReadonlySet<string>): EndpointSlice {
  return { ...slice, endpoints: (slice.endpoints ?? []).filter((endpoint) => !keys.has(keyOf(slice, endpoint))) };
}

/** Equal for entries of the same Pod, or address, in one address family, at whatever ports. */
function keyOf(slice: EndpointSlice, { targetRef, addresses }: SliceEndpoint): string {
  return `${slice.addressType} ${targetRef?.uid ?? addresses?.[0]}`;
}

function keysOf(slice: EndpointSlice): string[] {
  return (slice.endpoints ?? []).map((endpoint) => keyOf(slice, endpoint));
}

function remove(index: Map<string, Set<EndpointSlice>>, service: string, slice: EndpointSlice): void {
  const list = index.get(service);
  list?.delete(slice);
  if (list?.size === 0) index.delete(service);
}
