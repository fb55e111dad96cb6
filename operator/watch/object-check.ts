import type { KubernetesObject } from '../api/kubernetes.ts';

/** What came from the API server is not what the protocol promises: nothing after it can be relied on, so list anew. */
export class MalformedError extends Error {
  override readonly name = 'MalformedError';
}

/**
 * What came from the API server, checked as far as the caches rely on it, without `managedFields`: nobody here reads them, and
 * they are often the larger half of an object.
 */
export function objectOf<T extends KubernetesObject>(value: unknown): T {
  const metadata = (value as { metadata?: Record<string, unknown> } | null)?.metadata;
  if (typeof metadata !== 'object' || metadata === null) throw new MalformedError('an object without metadata');
  if (typeof metadata['name'] !== 'string' || metadata['name'] === '') throw new MalformedError('an object without a name');
  if (typeof metadata['uid'] !== 'string') throw new MalformedError(`${metadata['name']}: no uid`);
  if (typeof metadata['resourceVersion'] !== 'string') throw new MalformedError(`${metadata['name']}: no resourceVersion`);
  delete metadata['managedFields'];
  return value as T;
}

/** `namespace/name`, the key of every cache. */
export function keyOf({ metadata }: KubernetesObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}
