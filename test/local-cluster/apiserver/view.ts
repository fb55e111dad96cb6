/** The forms of objects in answers: complete, as metadata only, or as rows of a table. */
import type { JsonObject, KubeObject } from './json.ts';
import type { Kind } from './kinds.ts';
import { apiVersionOf } from './kinds.ts';

export type Form = 'object' | 'metadata' | 'table';

export interface View {
  readonly form: Form;
  /** The object in each row of a table. */
  readonly include: 'Metadata' | 'Object' | 'None';
}

const META = { apiVersion: 'meta.k8s.io/v1' };

const NAME_COLUMN = {
  ...{ name: 'Name', type: 'string', format: 'name', priority: 0 },
  description:
    'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names',
};

function metadataOf(object: KubeObject): JsonObject {
  return { kind: 'PartialObjectMetadata', ...META, metadata: object.metadata };
}

/** A table; only the first table of a watch has its columns. */
export function tableOf(
  kind: Kind,
  objects: readonly KubeObject[],
  metadata: JsonObject,
  view: View,
  now: Date,
  withColumns = true,
): JsonObject {
  const columns = kind.columns.map(({ name, type, format, description, priority }) => ({
    ...{ name, type, format: format ?? '', description, priority },
  }));
  const rows = objects.map((object) => ({
    cells: [object.metadata.name, ...kind.columns.map((column) => column.value(object, now))],
    ...(view.include === 'None' ? {} : { object: view.include === 'Object' ? object : metadataOf(object) }),
  }));
  return { kind: 'Table', ...META, metadata, columnDefinitions: withColumns ? [NAME_COLUMN, ...columns] : null, rows };
}

export function oneOf(kind: Kind, object: KubeObject, view: View, now: Date): JsonObject {
  if (view.form === 'metadata') return metadataOf(object);
  if (view.form === 'table') return tableOf(kind, [object], { resourceVersion: object.metadata.resourceVersion }, view, now);
  return object;
}

export interface ListMeta {
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

/** A list in the requested form. Items of built-in kinds have no kind and version, as in typed lists. */
export function listOf(kind: Kind, objects: readonly KubeObject[], meta: ListMeta, view: View, now: Date): JsonObject {
  const metadata: JsonObject = { ...meta };
  if (view.form === 'table') return tableOf(kind, objects, metadata, view, now);
  if (view.form === 'metadata') {
    const items = objects.length === 0 ? null : objects.map(metadataOf);
    return { kind: 'PartialObjectMetadataList', ...META, metadata, items };
  }
  const identity = { kind: kind.listKind, apiVersion: apiVersionOf(kind) };
  if (kind.custom) return { ...identity, items: [...objects], metadata: { continue: '', ...metadata } };
  return { ...identity, metadata, items: objects.map(({ apiVersion: _version, kind: _kind, ...rest }) => rest as JsonObject) };
}
