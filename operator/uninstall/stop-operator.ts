/** Ends the operator: its Deployment is scaled to 0, its Pods have ended, no one holds the Lease. */
import { isStatus } from '../kube/api-error.ts';
import { deploymentPath, podsPath } from '../kube/api-paths.ts';
import type { KubeClient } from '../kube/client.ts';
import { LeaseStore } from '../leader/lease-store.ts';
import { released } from '../leader/lease.ts';
import { retryTimes, type RetryLimits } from '../util/retry.ts';
import { sleep } from '../util/sleep.ts';

const FIELD_MANAGER = 'outrigger-uninstall';
/** Pods that are evicted or completed stay as objects, and run nothing. */
const RUNNING = 'status.phase!=Succeeded,status.phase!=Failed';

/** In milliseconds. */
export interface StopTiming {
  readonly poll: number;
  /** How long Pods may take to end: their grace period is 10 s. One on a Node that is lost never ends. */
  readonly endWithin: number;
}

export const STOP_TIMING: StopTiming = { poll: 250, endWithin: 30_000 };

export interface StopOptions {
  readonly client: Pick<KubeClient, 'call'>;
  readonly namespace: string;
  readonly deployment: string;
  readonly signal: AbortSignal;
  readonly retry: RetryLimits;
  readonly timing?: StopTiming;
  /** Unix milliseconds. */
  readonly now: () => number;
}

interface Scale {
  readonly status?: { readonly selector?: string };
}

/**
 * Scales the operator to 0, and waits for its Pods.
 *
 * @returns the number of Pods that have not ended in time
 * @throws when the Deployment cannot be scaled, or the signal aborts
 */
export async function stopOperator({ client, namespace, deployment, signal, ...options }: StopOptions): Promise<number> {
  const { poll, endWithin } = options.timing ?? STOP_TIMING;
  const scaled = await retryTimes(() => scaleToZero(client, namespace, deployment, signal), options.retry, signal);
  const selector = scaled?.status?.selector ?? '';
  // Without a selector every Pod of the namespace would be waited for.
  if (selector === '') return 0;
  const deadline = performance.now() + endWithin;
  for (;;) {
    const left = await retryTimes(() => countPods(client, namespace, selector, signal), options.retry, signal);
    if (left === 0 || performance.now() > deadline) return left;
    await sleep(poll, signal);
    signal.throwIfAborted();
  }
}

/** Undefined: there is no such Deployment. */
async function scaleToZero(
  client: Pick<KubeClient, 'call'>,
  namespace: string,
  deployment: string,
  signal: AbortSignal,
): Promise<Scale | undefined> {
  try {
    return await client.call<Scale>({
      method: 'PATCH',
      path: `${deploymentPath(namespace, deployment)}/scale`,
      query: { fieldManager: FIELD_MANAGER },
      contentType: 'application/merge-patch+json',
      body: { spec: { replicas: 0 } },
      signal,
    });
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
}

async function countPods(
  client: Pick<KubeClient, 'call'>,
  namespace: string,
  selector: string,
  signal: AbortSignal,
): Promise<number> {
  const query = { labelSelector: selector, fieldSelector: RUNNING };
  const { items } = await client.call<{ readonly items?: readonly unknown[] | null }>({
    ...{ path: podsPath(namespace), query, signal },
    accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
  });
  return items?.length ?? 0;
}

/**
 * Releases a Lease that an operator left behind, since it was killed or had lost its permissions. One that ends normally releases it itself.
 *
 * @throws when the Lease cannot be read or written, or the signal aborts
 */
export async function releaseLease({ client, namespace, signal, retry, now }: StopOptions): Promise<void> {
  const store = new LeaseStore(client, namespace);
  await retryTimes(
    async () => {
      const lease = await store.read(signal);
      if (lease?.spec?.holderIdentity) await store.write(released(lease, now()), signal);
    },
    retry,
    signal,
  );
}
