import type { KubernetesObject } from '../api/kubernetes.ts';
import type { KubeClient } from '../kube/client.ts';
import { leasesPath } from '../kube/api-paths.ts';
import { reflect, REFLECTOR_TIMING, type ReflectorReport, type Sink } from '../watch/reflector.ts';
import { LEASE_NAME, type Lease } from './lease.ts';

/** Keeps a sink up to date with the one Lease until the signal aborts. Never rejects. */
export type LeaseWatch = (sink: Sink<Lease>, signal: AbortSignal) => Promise<void>;

export interface LeaseWatchOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly report: ReflectorReport;
  readonly random: () => number;
}

/** The field selector limits the watch to one name, which a role can grant. */
export function watchLease({ client, namespace, report, random }: LeaseWatchOptions): LeaseWatch {
  const query = { fieldSelector: `metadata.name=${LEASE_NAME}` };
  const fixed = { kind: 'Lease', path: leasesPath(namespace), query, client, report, random, timing: REFLECTOR_TIMING };
  return (sink, signal) => reflect<Lease & KubernetesObject>({ ...fixed, sink, signal });
}
