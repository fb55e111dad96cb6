import type { KubernetesObject } from '../api/kubernetes.ts';
import type { KubeClient } from '../kube/client.ts';
import { leasesPath } from '../kube/api-paths.ts';
import { reflect, REFLECTOR_TIMING, type ReflectorReport, type Sink } from '../watch/reflector.ts';
import { LEASE_NAME, type Lease } from './lease.ts';

/** Tells a sink of the one Lease until the signal aborts. Never rejects. */
export type LeaseWatch = (sink: Sink<Lease>, signal: AbortSignal) => Promise<void>;

export interface LeaseWatchOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly report: ReflectorReport;
  readonly random: () => number;
}

/** The field selector narrows the watch to what a role can grant by name. */
export function watchLease({ client, namespace, report, random }: LeaseWatchOptions): LeaseWatch {
  const query = { fieldSelector: `metadata.name=${LEASE_NAME}` };
  const fixed = { kind: 'Lease', path: leasesPath(namespace), query, client, report, random, timing: REFLECTOR_TIMING };
  return (sink, signal) => reflect<Lease & KubernetesObject>({ ...fixed, sink, signal });
}
