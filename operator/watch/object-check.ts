import type { KubernetesObject } from '../api/kubernetes.ts';

/** The API server sent something that violates its protocol: nothing after it can be relied on, so list again. */
export class MalformedError extends Error {
  override readonly name = 'MalformedError';
}

/**
 * An object from the API server, checked as far as the caches rely on it. `managedFields` are removed: nothing reads them, and they are
 * often more than half of an object.
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
