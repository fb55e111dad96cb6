import type { KubernetesObject } from '../api/kubernetes.ts';
import { ApiError, statusError } from '../kube/api-error.ts';
import { MalformedError, objectOf } from './object-check.ts';

/** One element of a WATCH. */
export type WatchEvent<T> =
  | { readonly type: 'upsert' | 'delete'; readonly object: T; readonly resourceVersion: string }
  | { readonly type: 'bookmark'; readonly resourceVersion: string };

/**
 * Reads one line of a WATCH.
 *
 * @throws ApiError for an ERROR event, such as a version that is too old (410 inside a 200 stream)
 * @throws MalformedError for a line that is not an event
 */
export function parseEvent<T extends KubernetesObject>(line: string): WatchEvent<T> {
  const { type, object } = json(line);
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED': {
      const valid = objectOf<T>(object);
      return { type: type === 'DELETED' ? 'delete' : 'upsert', object: valid, resourceVersion: valid.metadata.resourceVersion };
    }
    case 'BOOKMARK':
      return { type: 'bookmark', resourceVersion: versionOf(object) };
    case 'ERROR':
      throw statusError(500, object) ?? new ApiError(500, '', 'an error event without a message');
    default:
      throw new MalformedError(`an event of the unknown type ${JSON.stringify(type)?.slice(0, 40)}`);
  }
}

function json(line: string): { type?: unknown; object?: Record<string, unknown> } {
  try {
    return (JSON.parse(line) ?? {}) as ReturnType<typeof json>;
  } catch {
    throw new MalformedError('a line of the stream is not JSON');
  }
}

function versionOf(object: unknown): string {
  const version = (object as { metadata?: { resourceVersion?: unknown } } | undefined)?.metadata?.resourceVersion;
  if (typeof version !== 'string' || version === '') throw new MalformedError('a bookmark without resourceVersion');
  return version;
}
