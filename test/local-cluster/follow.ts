import { setTimeout as delay } from 'node:timers/promises';
import type { Api, ApiObject } from './api.ts';

export interface Follower {
  stop(): void;
}

const RETRY_MS = 100;

/**
 * LIST, then WATCH, and again from the start whenever a watch ends: `changed` is called for every object, `gone` for every deleted one,
 * also for those deleted between two watches. It never gives up; an API server that is down is retried every 100 ms.
 */
export function follow<T extends ApiObject>(
  api: Api,
  path: string,
  changed: (object: T) => void,
  gone: (object: T) => void,
): Follower {
  const known = new Map<string, T>();
  const stopping = new AbortController();

  const put = (object: T) => {
    // The same name with another uid is another object: the first one's deletion was missed.
    const before = known.get(keyOf(object));
    if (before && before.metadata.uid !== object.metadata.uid) gone(before);
    known.set(keyOf(object), object);
    if (before?.metadata.resourceVersion !== object.metadata.resourceVersion) changed(object);
  };
  const remove = (object: T) => {
    known.delete(keyOf(object));
    gone(object);
  };

  const once = async () => {
    const list = await api.get<{ metadata: { resourceVersion: string }; items: T[] }>(path);
    const present = new Set(list.items.map(keyOf));
    for (const [key, object] of [...known]) if (!present.has(key)) remove(object);
    list.items.forEach(put);
    for await (const { type, object } of api.watch<T>(path, list.metadata.resourceVersion, stopping.signal)) {
      if (type === 'ERROR') return; // mostly 410: list again
      if (type === 'DELETED') remove(object);
      else if (type !== 'BOOKMARK') put(object);
    }
  };
  const loop = async () => {
    while (!stopping.signal.aborted) {
      await once().catch(() => undefined);
      await delay(RETRY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  void loop();
  return { stop: () => stopping.abort() };
}

export function keyOf(object: ApiObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}
