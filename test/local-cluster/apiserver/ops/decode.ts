/** From a parsed body to an object of a kind: checks kind, version and metadata, and removes unknown fields. */
import { asString, isObject } from '../json.ts';
import type { Json, JsonObject, KubeObject } from '../json.ts';
import { apiVersionOf } from '../kinds.ts';
import type { Kind } from '../kinds.ts';
import { badRequest } from '../status.ts';
import type { WriteOptions } from './options.ts';

const META_FIELDS = new Set(
  'name generateName namespace selfLink uid resourceVersion generation creationTimestamp deletionTimestamp deletionGracePeriodSeconds labels annotations ownerReferences finalizers managedFields'.split(
    ' ',
  ),
);

export interface Decoded {
  readonly object: KubeObject;
  /** Paths of fields that the kind does not have; they were removed from the object. */
  readonly unknown: readonly string[];
}

/** Decodes a body. The caller may change the returned object. */
export function decode(kind: Kind, body: Json): Decoded {
  if (!isObject(body)) throw badRequest(`the object provided is unrecognized (must be of type ${kind.kind})`);
  const apiVersion = apiVersionOf(kind);
  if (body['kind'] === undefined && kind.custom)
    throw badRequest(`Object 'Kind' is missing in '${JSON.stringify(body).slice(0, 500)}'`);
  if ((body['apiVersion'] ?? apiVersion) !== apiVersion) {
    const given = asString(body['apiVersion']);
    throw badRequest(`the API version in the data (${given}) does not match the expected API version (${apiVersion})`);
  }
  if ((body['kind'] ?? kind.kind) !== kind.kind) {
    throw badRequest(
      `${asString(body['kind'])} in version "${kind.version}" cannot be handled as a ${kind.kind}: the kinds differ`,
    );
  }
  const meta = isObject(body['metadata']) ? body['metadata'] : {};
  checkMeta(meta, kind);
  const object = { ...body, apiVersion, kind: kind.kind, metadata: meta } as KubeObject;
  const unknown = [...pruneMeta(meta), ...kind.prune(object)].sort();
  return { object, unknown };
}

/** Checks types that all other code relies on. */
function checkMeta(meta: JsonObject, kind: Kind): void {
  const refuse = (field: string, wanted: string): never => {
    throw badRequest(
      `${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: json: cannot unmarshal into Go struct field ObjectMeta.metadata.${field} of type ${wanted}`,
    );
  };
  for (const field of ['name', 'generateName', 'namespace', 'uid', 'resourceVersion', 'creationTimestamp', 'deletionTimestamp']) {
    if (meta[field] === null) delete meta[field];
    else if (meta[field] !== undefined && typeof meta[field] !== 'string') refuse(field, 'string');
  }
  for (const field of ['labels', 'annotations']) {
    const map = meta[field];
    if (map === null) delete meta[field];
    else if (map !== undefined && !(isObject(map) && Object.values(map).every((value) => typeof value === 'string'))) {
      refuse(field, 'map[string]string');
    }
  }
  for (const field of ['finalizers', 'managedFields', 'ownerReferences']) {
    if (meta[field] === null) delete meta[field];
    else if (meta[field] !== undefined && !Array.isArray(meta[field])) refuse(field, 'list');
  }
}

function pruneMeta(meta: JsonObject): string[] {
  const unknown = Object.keys(meta).filter((name) => !META_FIELDS.has(name));
  for (const name of unknown) delete meta[name];
  return unknown.map((name) => `metadata.${name}`);
}

export function unknownFields(paths: readonly string[]): string {
  return paths.map((path) => `unknown field "${path}"`).join(', ');
}

/** Warnings for unknown fields, or a refusal where the client requested strict validation. */
export function settleUnknown(kind: Kind, unknown: readonly string[], options: WriteOptions): string[] {
  if (unknown.length === 0 || options.validation === 'Ignore') return [];
  if (options.validation === 'Warn') return unknown.map((path) => `unknown field "${path}"`);
  throw badRequest(
    `${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: strict decoding error: ${unknownFields(unknown)}`,
  );
}
