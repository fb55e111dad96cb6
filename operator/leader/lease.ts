/** The leader Lease as plain values: acquired, renewed, released. Pure. */
import { EPOCH_ANNOTATION } from '../api/labels.ts';

export interface Lease {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    /** The precondition of every write; absent on a Lease to create. */
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
/** Seconds for which a holder that does not renew keeps the Lease. */
export const LEASE_SECONDS = 15;

/** A process that may acquire the Lease. */
export interface Candidate {
  readonly namespace: string;
  /** Contains a UUID of the process, so that a restart under the same name is another candidate. */
  readonly identity: string;
  /**
   * Prefix of the identities of all processes of this pod; absent where the pod's UID is not known. A container starts only after
   * the previous one has ended, so a Lease that an earlier process of this pod held is free.
   */
  readonly pod?: string;
}

/** The identity is the pod's name, its UID where known, and the UUID of the process. */
export function candidateOf(namespace: string, podName: string, podUid: string | undefined, process: string): Candidate {
  if (podUid === undefined) return { namespace, identity: `${podName}_${process}` };
  const pod = `${podName}_${podUid}_`;
  return { namespace, identity: `${pod}${process}`, pod };
}

/** Whether the candidate need not wait for another holder. */
export function isFree(lease: Lease | undefined, { identity, pod }: Candidate): boolean {
  const holder = lease?.spec?.holderIdentity || identity;
  return holder === identity || (pod !== undefined && holder.startsWith(pod));
}

/** The epoch annotation of a Lease; 0 where it is absent or not a valid epoch. */
export function epochOf(lease: Lease | undefined): number {
  const text = lease?.metadata.annotations?.[EPOCH_ANNOTATION] ?? '';
  const epoch = /^\d+$/.test(text) ? Number(text) : 0;
  return Number.isSafeInteger(epoch) ? epoch : 0;
}

/**
 * The Lease with which a candidate takes over. Its epoch is above the previous one, above `above`, and not below the clock, so that
 * no epoch is used twice, even after the Lease was deleted or the process restarted.
 *
 * @param now unix milliseconds
 * @param above an epoch known to be in use; 0: none
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

/** Held by no one, and expired within a second, so that a successor need not wait. The epoch stays: it only grows. */
export function released(lease: Lease, now: number): Lease {
  return { ...lease, spec: { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime(now) } };
}

/** Kubernetes' MicroTime: RFC 3339 with six digits. */
function microTime(now: number): string {
  return new Date(now).toISOString().replace('Z', '000Z');
}
