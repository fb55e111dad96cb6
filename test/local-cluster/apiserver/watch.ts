/** WATCH: a stream of JSON lines that begins at a version and never skips a change. */
import type { ServerResponse } from 'node:http';
import type { JsonObject, KubeObject } from './json.ts';
import { apiVersionOf } from './kinds.ts';
import type { Cluster, Kind } from './kinds.ts';
import { checkVersionOptions, versionOf } from './list.ts';
import { selector } from './selectors.ts';
import type { Test } from './selectors.ts';
import { expired } from './status.ts';
import type { StoreEvent } from './store.ts';
import { oneOf, tableOf } from './view.ts';
import type { View } from './view.ts';

/** A client that leaves this many bytes unread is disconnected and may reconnect. */
const MAX_UNREAD = 8 * 1024 * 1024;

export interface WatchRequest {
  readonly kind: Kind;
  readonly namespace: string | undefined;
  /** Watches one object. */
  readonly name?: string;
  readonly query: URLSearchParams;
  readonly view: View;
}

type EventType = 'ADDED' | 'MODIFIED' | 'DELETED';

/** An object that stops matching is sent as it was when it last matched, with the version of the change. */
function asOf(previous: KubeObject, { metadata: { resourceVersion } }: KubeObject): KubeObject {
  return { ...previous, metadata: { ...previous.metadata, resourceVersion } };
}

export class Watch {
  readonly #cluster: Cluster;
  readonly #request: WatchRequest;
  readonly #response: ServerResponse;
  readonly #test: Test;
  readonly #bookmarks: boolean;
  readonly #timers: NodeJS.Timeout[] = [];
  #unsubscribe: () => void = () => undefined;
  #first = true;

  /** Checks the request; nothing is sent before `start`. @throws ApiError */
  constructor(cluster: Cluster, request: WatchRequest, response: ServerResponse) {
    this.#cluster = cluster;
    this.#request = request;
    this.#response = response;
    this.#test = selector(request.kind, request.query, request.name);
    this.#bookmarks = request.query.get('allowWatchBookmarks') === 'true' || request.query.get('allowWatchBookmarks') === '1';
    checkVersionOptions(request.query, true);
    versionOf(request.query);
  }

  /** @param bookmarkInterval milliseconds between bookmarks */
  start(bookmarkInterval: number): void {
    this.#response.writeHead(200, { 'content-type': 'application/json' });
    this.#response.flushHeaders();
    this.#response.on('close', () => this.#release());
    if (!this.#catchUp()) return this.end();
    this.#unsubscribe = this.#cluster.store.subscribe((event) => this.#onEvent(event));
    if (this.#bookmarks) this.#timers.push(setInterval(() => this.#bookmark(), bookmarkInterval));
    const asked = Number(this.#request.query.get('timeoutSeconds') ?? 0);
    const seconds = asked > 0 ? asked : 1800 + Math.random() * 1800;
    this.#timers.push(setTimeout(() => this.#timeOut(), Math.min(seconds * 1000, 2 ** 31 - 1)));
  }

  /** Ends the stream as a server does that shuts down. */
  end(): void {
    this.#release();
    this.#response.end();
  }

  /** Sends the changes that the client has not got yet. @returns false when the history no longer contains it */
  #catchUp(): boolean {
    const { query } = this.#request;
    const { store } = this.#cluster;
    const from = versionOf(query);
    const initial = query.get('sendInitialEvents') === 'true';
    if (initial || (from ?? 0) === 0) {
      if (query.get('sendInitialEvents') !== 'false') this.#sendState();
      if (initial && this.#bookmarks) this.#bookmark({ 'k8s.io/initial-events-end': 'true' });
      return true;
    }
    if (from === undefined) return true;
    if (from < store.oldest) {
      this.#write({ type: 'ERROR', object: expired(`too old resource version: ${from} (${store.oldest})`).status });
      return false;
    }
    for (const event of store.since(from)) this.#onEvent(event);
    return true;
  }

  #sendState(): void {
    const { kind, namespace } = this.#request;
    for (const stored of this.#cluster.store.list(kind.resource, namespace)) {
      const object = kind.fromStored(stored);
      if (this.#test(object)) this.#send('ADDED', object);
    }
  }

  #onEvent(event: StoreEvent): void {
    const { kind, namespace } = this.#request;
    if (event.resource !== kind.resource) return;
    if (namespace !== undefined && event.object.metadata.namespace !== namespace) return;
    const object = kind.fromStored(event.object);
    const previous = event.previous && kind.fromStored(event.previous);
    const before = previous !== undefined && this.#test(previous);
    const now = event.type !== 'DELETED' && this.#test(object);
    if (now) this.#send(before ? 'MODIFIED' : 'ADDED', object);
    else if (before) this.#send('DELETED', event.type === 'DELETED' ? object : asOf(previous, object));
  }

  #send(type: EventType, object: KubeObject): void {
    const { kind, view } = this.#request;
    const now = this.#cluster.now();
    if (view.form !== 'table') return this.#write({ type, object: oneOf(kind, object, view, now) });
    const metadata = { resourceVersion: object.metadata.resourceVersion };
    this.#write({ type, object: tableOf(kind, [object], metadata, view, now, this.#first) });
    this.#first = false;
  }

  #bookmark(annotations?: JsonObject): void {
    const { kind, view } = this.#request;
    const resourceVersion = String(this.#cluster.store.revision);
    const metadata: JsonObject = { resourceVersion, ...(annotations === undefined ? {} : { annotations }) };
    const plain = { kind: kind.kind, apiVersion: apiVersionOf(kind), metadata };
    const partial = { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata };
    const table = { kind: 'Table', apiVersion: 'meta.k8s.io/v1', metadata, columnDefinitions: null, rows: [] };
    this.#write({ type: 'BOOKMARK', object: { object: plain, metadata: partial, table }[view.form] });
  }

  #write(event: JsonObject): void {
    this.#response.write(`${JSON.stringify(event)}\n`);
    if (this.#response.writableLength > MAX_UNREAD) this.#response.destroy();
  }

  #timeOut(): void {
    if (this.#bookmarks) this.#bookmark();
    this.end();
  }

  #release(): void {
    this.#unsubscribe();
    for (const timer of this.#timers) clearTimeout(timer);
  }
}
