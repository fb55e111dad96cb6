/**
 * All objects, one version counter, a bounded history of changes. Every write is in the journal before it is visible.
 * Returned objects are shared: clone before changing.
 */
import { Journal } from './journal.ts';
import type { Base, Change } from './journal.ts';
import type { KubeObject } from './json.ts';

/** A change with the state before, so that a watch with a selector notices when an object stops matching. */
export interface StoreEvent extends Change {
  readonly previous?: KubeObject;
}

export interface StoreOptions {
  readonly directory: string;
  /** Changes kept for watches and for older pages of lists. */
  readonly history: number;
  /** Journal size in bytes at which it is compacted while running. */
  readonly journalLimit?: number;
}

type Table = Map<string, KubeObject>;

export function keyOf(object: KubeObject): string {
  const { namespace, name } = object.metadata;
  return namespace === undefined ? name : `${namespace}/${name}`;
}

export class Store {
  readonly #journal: Journal;
  readonly #tables = new Map<string, Table>();
  readonly #listeners = new Set<(event: StoreEvent) => void>();
  readonly #limit: number;
  readonly #journalLimit: number;
  #history: StoreEvent[] = [];
  #revision = 0;
  #base = 0;

  constructor(options: StoreOptions) {
    this.#limit = options.history;
    this.#journalLimit = options.journalLimit ?? 64 * 1024 * 1024;
    this.#journal = new Journal(options.directory);
    const { base, changes } = this.#journal.read();
    for (const { resource, object } of base.objects) this.#table(resource).set(keyOf(object), object);
    this.#revision = this.#base = base.rv;
    for (const change of changes) this.#apply(change);
    this.#compact();
  }

  /** The newest version. */
  get revision(): number {
    return this.#revision;
  }

  /** The oldest version a watch may start from. */
  get oldest(): number {
    return this.#base;
  }

  get(resource: string, key: string): KubeObject | undefined {
    return this.#tables.get(resource)?.get(key);
  }

  /** Objects of a kind in key order, of one namespace or (undefined) of all. */
  list(resource: string, namespace?: string): KubeObject[] {
    return inOrder(this.#tables.get(resource) ?? new Map<string, KubeObject>(), namespace);
  }

  /** The same as of an older version; undefined when the history no longer contains it. */
  listAt(rv: number, resource: string, namespace?: string): KubeObject[] | undefined {
    if (rv < this.#base) return undefined;
    const table = new Map(this.#tables.get(resource));
    for (const event of this.#history.toReversed()) {
      if (event.rv <= rv) break;
      if (event.resource === resource) undo(table, event);
    }
    return inOrder(table, namespace);
  }

  /** Stores a change and notifies the listeners. The object gets the new version; the caller must not change it afterwards. */
  commit(type: Change['type'], resource: string, object: KubeObject): KubeObject {
    const rv = this.#revision + 1;
    object.metadata.resourceVersion = String(rv);
    const change: Change = { rv, type, resource, object };
    this.#journal.append(change);
    const event = this.#apply(change);
    if (this.#journal.bytes > this.#journalLimit) this.#compact();
    for (const listener of this.#listeners) listener(event);
    return object;
  }

  /** Changes after a version, oldest first. */
  since(rv: number): readonly StoreEvent[] {
    return this.#history.filter((event) => event.rv > rv);
  }

  /** @returns a function that ends the subscription. */
  subscribe(listener: (event: StoreEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#journal.close();
  }

  #table(resource: string): Table {
    const known = this.#tables.get(resource);
    if (known !== undefined) return known;
    const fresh: Table = new Map();
    this.#tables.set(resource, fresh);
    return fresh;
  }

  #apply(change: Change): StoreEvent {
    const table = this.#table(change.resource);
    const key = keyOf(change.object);
    const previous = table.get(key);
    if (change.type === 'DELETED') table.delete(key);
    else table.set(key, change.object);
    this.#revision = change.rv;
    const event: StoreEvent = previous === undefined ? change : { ...change, previous };
    this.#history.push(event);
    if (this.#history.length > this.#limit) this.#base = this.#history.shift()?.rv ?? this.#base;
    return event;
  }

  #compact(): void {
    const objects: Base['objects'][number][] = [];
    for (const resource of this.#tables.keys()) {
      for (const object of this.listAt(this.#base, resource) ?? []) objects.push({ resource, object });
    }
    const changes = this.#history.map(({ rv, type, resource, object }) => ({ rv, type, resource, object }));
    this.#journal.rewrite({ base: { rv: this.#base, objects }, changes });
  }
}

function undo(table: Table, event: StoreEvent): void {
  const key = keyOf(event.object);
  if (event.previous === undefined) table.delete(key);
  else table.set(key, event.previous);
}

function inOrder(table: Table, namespace: string | undefined): KubeObject[] {
  const prefix = namespace === undefined ? '' : `${namespace}/`;
  const keys = [...table.keys()].filter((key) => key.startsWith(prefix)).sort((a, b) => (a < b ? -1 : 1));
  return keys.flatMap((key) => table.get(key) ?? []);
}
