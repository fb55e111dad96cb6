/** The description of a kind of object, built in or from a CustomResourceDefinition. One for each group, version and plural. */
import type { FieldType } from './fields.ts';
import { builtInFields } from './fields.ts';
import type { JsonObject, KubeObject } from './json.ts';
import { at, asString } from './json.ts';
import type { FieldError, ResourceName } from './status.ts';
import type { Store } from './store.ts';

/** What the hooks of a kind may use besides the object. */
export interface Cluster {
  readonly store: Store;
  /** Loopback addresses starting with this may be endpoints, unlike in a real cluster. */
  readonly testPodPrefix: string;
  now(): Date;
}

/** A column of `kubectl get`. `value` gives a cell: text, number or null. */
export interface Column {
  readonly name: string;
  readonly type: string;
  readonly format?: string;
  readonly description: string;
  /** 0: always shown; 1: with `-o wide`. */
  readonly priority: number;
  value(object: KubeObject, now: Date): string | number | boolean | null;
}

export interface Kind extends ResourceName {
  readonly version: string;
  readonly kind: string;
  readonly listKind: string;
  readonly singular: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  /** Key of the store's table. */
  readonly resource: string;
  readonly custom: boolean;
  readonly hasStatus: boolean;
  /** Has the subresource `scale`. */
  readonly hasScale: boolean;
  readonly hasGeneration: boolean;
  /** PUT of a missing object creates it. */
  readonly createOnUpdate: boolean;
  /** PUT without a resourceVersion overwrites. */
  readonly unconditionalUpdate: boolean;
  /** DELETE answers with the object instead of a `Status`. */
  readonly returnsDeleted: boolean;
  readonly fields: FieldType;
  readonly columns: readonly Column[];
  /** Fields that field selectors may name besides `metadata.name` and `metadata.namespace`. */
  readonly selectable: Readonly<Record<string, (object: KubeObject) => string>>;
  readonly nameRule: 'subdomain' | 'label' | 'serviceName' | 'any';
  /** Removes unknown fields in place; @returns their paths. */
  prune(object: JsonObject): string[];
  /** Defaults, which the client owns as if it had written them. */
  defaults(object: KubeObject): void;
  /** Sets what the server writes, after field ownership is computed. `old` is undefined on creation. */
  prepare(object: KubeObject, old: KubeObject | undefined, cluster: Cluster): void;
  validate(object: KubeObject, old: KubeObject | undefined, cluster: Cluster): FieldError[];
  /** Between the stored form and this version's. */
  fromStored(object: KubeObject): KubeObject;
  toStored(object: KubeObject): KubeObject;
}

export function apiVersionOf(kind: { readonly group: string; readonly version: string }): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
}

/** What the description of a built-in kind must contain; the rest has defaults. */
export type KindDescription = Pick<Kind, 'group' | 'version' | 'kind' | 'plural'> & Partial<Kind>;

const nothing = (): void => undefined;

export function describeKind(description: KindDescription): Kind {
  const { group, plural, kind } = description;
  return {
    listKind: `${kind}List`,
    singular: kind.toLowerCase(),
    namespaced: true,
    shortNames: [],
    categories: [],
    resource: `${group}/${plural}`,
    custom: false,
    hasStatus: false,
    hasScale: false,
    hasGeneration: false,
    createOnUpdate: false,
    unconditionalUpdate: true,
    returnsDeleted: false,
    fields: builtInFields(kind),
    columns: [],
    selectable: {},
    nameRule: 'subdomain',
    prune: () => [],
    defaults: nothing,
    prepare: nothing,
    validate: () => [],
    fromStored: (object) => object,
    toStored: (object) => object,
    ...description,
  };
}

/** A field selector on a plain path. */
export function selectPath(...path: string[]): (object: KubeObject) => string {
  return (object) => {
    const value = at(object, ...path);
    return typeof value === 'boolean' || typeof value === 'number' ? String(value) : asString(value);
  };
}
