/** The row of one endpoint. PURE. */
import type { EndpointState } from '../../endpoints/endpoint-state.ts';
import type { EndpointSet } from '../../endpoints/endpoint-set.ts';
import type { RecentEndpoint } from './sampler.ts';
import { printable } from './text.ts';
import type { EndpointRow, EndpointStatus } from './view.ts';

/** Monotonic and unix milliseconds of the same moment. */
export interface ClockReading {
  readonly now: number;
  readonly wall: number;
}

export function isoAt({ now, wall }: ClockReading, monotonic: number): string {
  return new Date(wall - (now - monotonic)).toISOString();
}

/** The first status that applies, in order of how strongly it keeps requests away. */
export function statusOf(e: EndpointState): EndpointStatus {
  if (e.watch?.healthy === false) return 'DOWN';
  if (e.outlier.ejected) return 'EJECTED';
  if (e.state === 'draining' || e.fullWeight === 0) return 'DRAIN';
  if (e.state === 'filling') return 'NEW';
  return e.saturated ? 'FULL' : 'UP';
}

function reasonOf(e: EndpointState, status: EndpointStatus, now: number): string {
  switch (status) {
    case 'DOWN':
      return `check: ${e.watch?.detail ?? ''}`;
    case 'EJECTED':
      return e.outlier.evidence + probationOf(e, now);
    case 'DRAIN':
      return e.state === 'draining' ? 'is leaving, or in maintenance' : 'its weight is 0';
    case 'NEW':
      return 'awaits its first check';
    case 'FULL':
      return 'is at its request limit';
    case 'UP':
      return '';
  }
}

function probationOf({ outlier }: EndpointState, now: number): string {
  if (outlier.probationRequest) return '; on probation';
  return now >= outlier.ejectedUntil ? '; the next suitable request tests it' : '';
}

/** @param tries attempts of its backend within the last minute */
export function endpointView(e: EndpointState, lately: RecentEndpoint | undefined, tries: number, at: ClockReading): EndpointRow {
  const status = statusOf(e);
  return {
    name: printable(e.hashKey),
    address: printable(e.address.includes(':') ? `[${e.address}]:${e.port}` : `${e.address}:${e.port}`),
    zone: printable(e.zone),
    status,
    reason: printable(reasonOf(e, status, at.now)),
    since: isoAt(at, e.healthChangedAt),
    ejectedUntil: e.outlier.ejected ? isoAt(at, e.outlier.ejectedUntil) : null,
    weight: round(e.weight),
    fullWeight: e.fullWeight,
    active: e.active,
    attempts: lately?.attempts ?? null,
    share: ratio(lately?.attempts, tries),
    errorRatio: ratio(lately?.failed, lately?.attempts),
    meanMs: lately?.meanMs === undefined ? null : round(lately.meanMs),
  };
}

/** Policy and backend of an endpoint set, whose id is `namespace/policy/refNamespace/service:port`. */
export function namesOf({ id }: Pick<EndpointSet, 'id'>): { readonly policy: string; readonly backend: string } {
  const [namespace = '', policy = '', ...rest] = id.split('/');
  return { policy: printable(`${namespace}/${policy}`), backend: printable(rest.join('/')) };
}

export function ratio(part: number | undefined, whole: number | undefined): number | null {
  return part === undefined || whole === undefined || whole === 0 ? null : round(part / whole);
}

/** Three decimals: more are not worth sending. */
export function round(n: number): number {
  return Math.round(n * 1000) / 1000;
}
