/** Marks every policy as no longer served. */
import type { LoadBalancerPolicy } from '../api/policy.gen.ts';
import { isStatus } from '../kube/api-error.ts';
import { COLLECTIONS } from '../kube/api-paths.ts';
import type { KubeClient } from '../kube/client.ts';
import { applyStatus } from '../status/apply-status.ts';
import { retryTimes, type RetryLimits } from '../util/retry.ts';
import { listAll } from '../watch/paged-list.ts';
import { uninstalledStatus } from './uninstalled-status.ts';

/** Parallel writes: the API server has other clients. */
const CONCURRENCY = 8;

export interface MarkOptions {
  readonly client: Pick<KubeClient, 'call'>;
  readonly signal: AbortSignal;
  readonly retry: RetryLimits;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** A policy could not be marked, even when it was tried again. */
  readonly failed: (policy: string, error: Error) => void;
}

/** Numbers of policies. */
export interface Marked {
  readonly marked: number;
  /** Deleted meanwhile. */
  readonly gone: number;
  readonly failed: number;
}

/** @throws when the policies cannot be listed, or the signal aborts */
export async function markPolicies(options: MarkOptions): Promise<Marked> {
  const { client, signal, retry } = options;
  const policies = await retryTimes(() => listPolicies(client, signal), retry, signal);
  const results = { marked: 0, gone: 0, failed: 0 };
  // All workers take from one iterator.
  const left = policies.values();
  const work = async (): Promise<void> => {
    for (const policy of left) results[await mark(policy, options)] += 1;
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return results;
}

/** A cluster without the resource has no policies. */
async function listPolicies(client: Pick<KubeClient, 'call'>, signal: AbortSignal): Promise<readonly LoadBalancerPolicy[]> {
  try {
    return (await listAll<LoadBalancerPolicy>(client, { path: COLLECTIONS.policies, signal })).items;
  } catch (error) {
    if (isStatus(error, 404)) return [];
    throw error;
  }
}

async function mark(policy: LoadBalancerPolicy, { client, signal, retry, now, failed }: MarkOptions): Promise<keyof Marked> {
  const { namespace = '', name } = policy.metadata;
  try {
    return await retryTimes(
      async () => {
        try {
          await applyStatus(client, policy, uninstalledStatus(policy, now()), signal);
          return 'marked';
        } catch (error) {
          // Deleted, perhaps with its namespace.
          if (isStatus(error, 404)) return 'gone';
          throw error;
        }
      },
      retry,
      signal,
    );
  } catch (error) {
    signal.throwIfAborted();
    failed(`${namespace}/${name}`, error as Error);
    return 'failed';
  }
}
