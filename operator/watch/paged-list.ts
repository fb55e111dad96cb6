import type { KubernetesObject } from '../api/kubernetes.ts';
import type { KubeClient } from '../kube/client.ts';
import { isStatus } from '../kube/api-error.ts';
import { objectOf } from './object-check.ts';

export interface Listing<T> {
  readonly items: readonly T[];
  /** The version from which a watch continues. */
  readonly resourceVersion: string;
}

export interface ListRequest {
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly accept?: string;
  readonly signal: AbortSignal;
}

interface Page {
  readonly metadata?: { readonly resourceVersion?: unknown; readonly continue?: unknown };
  /** Go encodes some empty lists as null. */
  readonly items?: unknown;
}

const PAGE_SIZE = 500;

/**
 * Lists a whole collection, page by page, as it was at one version.
 *
 * A continue token that has expired (410) restarts the paging once; the second time it throws. Nothing is returned before the last
 * page has arrived.
 */
export async function listAll<T extends KubernetesObject>(
  client: Pick<KubeClient, 'call'>,
  request: ListRequest,
): Promise<Listing<T>> {
  try {
    return await pages<T>(client, request);
  } catch (error) {
    if (!isStatus(error, 410)) throw error;
    return await pages<T>(client, request);
  }
}

async function pages<T extends KubernetesObject>(client: Pick<KubeClient, 'call'>, request: ListRequest): Promise<Listing<T>> {
  const items: T[] = [];
  let token = '';
  for (;;) {
    const query = { ...request.query, limit: String(PAGE_SIZE), ...(token && { continue: token }) };
    const page = await client.call<Page | null>({ ...request, query });
    const version = page?.metadata?.resourceVersion;
    if (typeof version !== 'string' || version === '') throw new Error('the list has no resourceVersion');
    if (!Array.isArray(page?.items ?? [])) throw new Error('the list has no items');
    for (const item of (page?.items ?? []) as unknown[]) items.push(objectOf<T>(item));
    const next = page?.metadata?.continue ?? '';
    if (typeof next !== 'string') throw new Error('the continue token of the list is not a string');
    if (next === '') return { items, resourceVersion: version };
    if (next === token) throw new Error('the list repeats its continue token');
    token = next;
  }
}
