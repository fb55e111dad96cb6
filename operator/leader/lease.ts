/** The leader Lease as plain values: from the Lease that is there to the one that shall be. */
import { EPOCH_ANNOTATION } from '../api/labels.ts';

export interface Lease {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    /** The precondition of every write; absent on a Lease that is to be created. */
    readonly resourceVersion?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string;
    readonly renewTime?: string;
    readonly leaseTransitions?: number;
  };
}

export const LEASE_NAME = 'outrigger-operator';
/** Seconds for which others must believe in a leader that says nothing. */
export const LEASE_SECONDS = 15;

/** Who acquires. */
export interface Candidate {
  readonly namespace: string;
  /** Holds a UUID of the process, so that a restart under the same name is somebody else. */
  readonly identity: string;
  /**
   * What the identities of all processes of this pod begin with; absent where the pod's UID is not known. A container starts only
   * when the one before it has ended, so what an earlier process of this very pod held is free.
   */
  readonly pod?: string;
}

/** The candidate of a process: pod, then (where it is known) the pod's UID, then the process. */
export function candidateOf(namespace: string, podName: string, podUid: string | undefined, process: string): Candidate {
  if (podUid === undefined) return { namespace, identity: `${podName}_${process}` };
  const pod = `${podName}_${podUid}_`;
  return { namespace, identity: `${pod}${process}`, pod };
}

/** Whether nobody holds the Lease whom the candidate would have to wait for. */
export function isFree(lease: Lease | undefined, { identity, pod }: Candidate): boolean {
  const holder = lease?.spec?.holderIdentity || identity;
  return holder === identity || (pod !== undefined && holder.startsWith(pod));
}

/** The epoch written on a Lease; 0 where there is none, or none that can be one. */
export function epochOf(lease: Lease | undefined): number {
  const text = lease?.metadata.annotations?.[EPOCH_ANNOTATION] ?? '';
  const epoch = /^\d+$/.test(text) ? Number(text) : 0;
  return Number.isSafeInteger(epoch) ? epoch : 0;
}

/**
 * The Lease by which a candidate takes the lead from whoever held it. Its epoch is above the one before, above `above`, and not
 * below the clock, so that neither a deleted Lease nor a restart can use an epoch again.
 *
 * @param now unix milliseconds
 * @param above an epoch known to be in use; 0 when none is
 */
export function acquired(previous: Lease | undefined, { namespace, identity }: Candidate, now: number, above: number): Lease {
  const epoch = Math.max(epochOf(previous) + 1, above + 1, Math.floor(now / 1000));
  const others = previous?.spec?.holderIdentity === identity ? 0 : 1;
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      ...previous?.metadata,
      name: LEASE_NAME,
      namespace,
      annotations: { ...previous?.metadata.annotations, [EPOCH_ANNOTATION]: String(epoch) },
    },
    spec: {
      holderIdentity: identity,
      leaseDurationSeconds: LEASE_SECONDS,
      acquireTime: microTime(now),
      renewTime: microTime(now),
      leaseTransitions: previous === undefined ? 0 : (previous.spec?.leaseTransitions ?? 0) + others,
    },
  };
}

export function renewed(lease: Lease, now: number): Lease {
  return { ...lease, spec: { ...lease.spec, renewTime: microTime(now) } };
}

/** Nobody's, and expired in a second: a successor need not wait. The epoch stays, and only grows. */
export function released(lease: Lease, now: number): Lease {
  return { ...lease, spec: { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime(now) } };
}

/** Kubernetes' MicroTime: RFC 3339 with six digits. */
function microTime(now: number): string {
  return new Date(now).toISOString().replace('Z', '000Z');
}
