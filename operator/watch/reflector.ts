import type { KubernetesObject } from '../api/kubernetes.ts';
import type { KubeClient } from '../kube/client.ts';
import { ApiError } from '../kube/api-error.ts';
import { backOff, type BackOffLimits } from '../util/backoff.ts';
import { sleep } from '../util/sleep.ts';
import { openWatch } from './watch-connection.ts';
import { parseEvent } from './watch-event.ts';
import { listAll } from './paged-list.ts';
import { MalformedError } from './object-check.ts';

/** Receives the objects of a collection. */
export interface Sink<T> {
  /** The whole collection, after every successful LIST. */
  onReplace(items: readonly T[]): void;
  onUpsert(object: T): void;
  onDelete(object: T): void;
}

/** Receives the state of a reflector. */
export interface ReflectorReport {
  /** A list, an event or a bookmark has arrived. */
  onContact(kind: string): void;
  /** A LIST or WATCH failed and is tried again; the cache stays as it is. */
  onFailure(kind: string, error: Error): void;
}

export interface ReflectorTiming {
  /** Seconds after which the server is asked to end a watch; a random value between the two. */
  readonly serverTimeout: { readonly min: number; readonly max: number };
  /** See WatchLimits. */
  readonly silence: number;
  /** Milliseconds by which a watch may exceed the requested time-out. */
  readonly grace: number;
  readonly retry: BackOffLimits;
  readonly line: number;
}

export const REFLECTOR_TIMING: ReflectorTiming = {
  serverTimeout: { min: 300, max: 600 },
  silence: 150_000,
  grace: 30_000,
  retry: { base: 250, max: 10_000 },
  line: 8 * 1024 * 1024,
};

export interface ReflectorOptions<T> {
  /** Name for logs and metrics. */
  readonly kind: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Accept headers, where other than plain JSON: a list and a watch name different kinds. */
  readonly accept?: { readonly list: string; readonly watch: string };
  readonly client: KubeClient;
  readonly sink: Sink<T>;
  readonly report: ReflectorReport;
  readonly signal: AbortSignal;
  readonly random: () => number;
  readonly timing: ReflectorTiming;
}

/** Milliseconds. A watch that ends sooner, without an event, is a failure even where the server ended it. */
const TOO_SHORT_MS = 1000;

/**
 * Keeps a sink equal to a collection until the signal aborts: LIST, then WATCH from that version, repeatedly. Never rejects.
 *
 * | what happened                                   | what follows                                             |
 * |-------------------------------------------------|----------------------------------------------------------|
 * | LIST failed (403, 404, time-out, not JSON)      | LIST again; the sink keeps the last state                |
 * | WATCH ended at the server's time-out            | WATCH from the last version                              |
 * | WATCH was cut or silent                         | WATCH from the last version                              |
 * | WATCH was refused, or could not connect         | LIST: another server may answer now                      |
 * | ERROR event (410 above all), or no valid event  | LIST                                                     |
 *
 * It backs off after each failure in a row; an event or bookmark ends the row.
 */
export async function reflect<T extends KubernetesObject>(options: ReflectorOptions<T>): Promise<void> {
  const { signal, timing, random } = options;
  const position: Position = { version: undefined, failures: 0 };
  while (!signal.aborted) {
    try {
      await (position.version === undefined ? relist(options, position) : follow(options, position, position.version));
    } catch (error) {
      if (signal.aborted) return;
      position.failures += 1;
      options.report.onFailure(options.kind, error as Error);
    }
    if (position.failures > 0) await sleep(backOff(position.failures, timing.retry, random), signal);
  }
}

interface Position {
  /** Where the next watch begins; undefined: list first. */
  version: string | undefined;
  /** Failures in a row, since the last event or bookmark. */
  failures: number;
}

async function relist<T extends KubernetesObject>(options: ReflectorOptions<T>, position: Position): Promise<void> {
  const { path, query, accept, signal } = options;
  const listing = await listAll<T>(options.client, {
    path,
    signal,
    ...(query && { query }),
    ...(accept && { accept: accept.list }),
  });
  signal.throwIfAborted();
  options.sink.onReplace(listing.items);
  options.report.onContact(options.kind);
  position.version = listing.resourceVersion;
}

async function follow<T extends KubernetesObject>(options: ReflectorOptions<T>, position: Position, from: string): Promise<void> {
  position.version = undefined;
  const { connection, opened } = await open(options, from);
  position.version = from;
  let silent = true;
  try {
    for await (const line of connection.lines) {
      if (options.signal.aborted) return;
      position.version = take(options, line);
      position.failures = 0;
      silent = false;
    }
  } catch (error) {
    if (error instanceof ApiError || error instanceof MalformedError) position.version = undefined;
    throw error;
  } finally {
    connection.close();
  }
  if (silent && performance.now() - opened < TOO_SHORT_MS) throw new Error('the watch ended at once');
}

async function open<T>({ client, path, query, accept, signal, timing, random }: ReflectorOptions<T>, from: string) {
  const { min, max } = timing.serverTimeout;
  const seconds = Math.round(min + (max - min) * random());
  const watch = { watch: 'true', allowWatchBookmarks: 'true', resourceVersion: from, timeoutSeconds: String(seconds) };
  const limits = { silence: timing.silence, total: seconds * 1000 + timing.grace, line: timing.line };
  const call = { path, query: { ...query, ...watch }, ...(accept && { accept: accept.watch }) };
  const connection = await openWatch(client, call, limits, signal);
  return { connection, opened: performance.now() };
}

/** Applies one event; returns its version. */
function take<T extends KubernetesObject>({ kind, sink, report }: ReflectorOptions<T>, line: string): string {
  const event = parseEvent<T>(line);
  if (event.type === 'upsert') sink.onUpsert(event.object);
  if (event.type === 'delete') sink.onDelete(event.object);
  report.onContact(kind);
  return event.resourceVersion;
}
