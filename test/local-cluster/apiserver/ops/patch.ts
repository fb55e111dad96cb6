/** PATCH in its four forms. */
import { parse } from 'yaml';
import { asArray, asString, clone, isObject } from '../json.ts';
import type { Json, JsonObject, KubeObject } from '../json.ts';
import { apiVersionOf } from '../kinds.ts';
import type { Cluster } from '../kinds.ts';
import { claimed } from '../managedfields.ts';
import { afterApply, readManagers } from '../managers.ts';
import { dropAbandoned, mergeConfig } from '../patch/apply.ts';
import { JsonPatchError, MAX_OPERATIONS, jsonPatch } from '../patch/json.ts';
import { mergePatch } from '../patch/merge.ts';
import { strategicMerge } from '../patch/strategic.ts';
import { ApiError, badRequest, fieldError, invalid, notFound, unsupportedMediaType } from '../status.ts';
import { insert, setNamespace } from './create.ts';
import { decode, unknownFields } from './decode.ts';
import { writerOf } from './options.ts';
import type { WriteOptions, WriteResult } from './options.ts';
import { find, keyOfTarget, replace } from './update.ts';
import type { Target } from './update.ts';

const JSON_PATCH = 'application/json-patch+json';
export const MERGE = 'application/merge-patch+json';
const STRATEGIC = 'application/strategic-merge-patch+json';
export const APPLY = 'application/apply-patch+yaml';
export const PATCH_TYPES: readonly string[] = [JSON_PATCH, MERGE, STRATEGIC, APPLY];

/** @param mediaType of the body, without parameters */
export function patch(cluster: Cluster, target: Target, mediaType: string, text: string, options: WriteOptions): WriteResult {
  const accepted = PATCH_TYPES.filter((type) => type !== STRATEGIC || !target.kind.custom);
  if (!accepted.includes(mediaType)) throw unsupportedMediaType(accepted);
  if (mediaType === APPLY) return apply(cluster, target, text, options);
  const old = find(cluster, target); // as in a real server, 404 comes before what may be wrong with the patch
  const patched = patchedBody(target, old, mediaType, parseJson(text));
  const { object, unknown } = decode(target.kind, clone(patched));
  const warnings = unknown.length > 0 ? settlePatch(patched, unknown, options) : [];
  setNamespace(object, target.kind, target.namespace);
  if (object.metadata.name !== target.name) {
    throw badRequest(`the name of the object (${object.metadata.name}) does not match the name on the URL (${target.name})`);
  }
  return { object: replace(cluster, target, old, kindly(object, old), options), created: false, warnings };
}

/** A patch that removes the version requests no check. */
function kindly(object: KubeObject, old: KubeObject): KubeObject {
  if (!object.metadata.resourceVersion) object.metadata.resourceVersion = old.metadata.resourceVersion;
  return object;
}

function patchedBody({ kind, name }: Target, old: KubeObject, mediaType: string, body: Json): Json {
  if (mediaType === MERGE) return mergePatch(old, mustBeObject(body));
  if (mediaType === STRATEGIC) return strategicMerge(old, mustBeObject(body), kind.fields);
  if (!Array.isArray(body)) throw badRequest('error decoding patch: json: cannot unmarshal object into a JSON patch');
  if (body.length > MAX_OPERATIONS) {
    const message = `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${body.length}`;
    throw new ApiError(413, 'RequestEntityTooLarge', message);
  }
  try {
    return jsonPatch(old, body);
  } catch (error) {
    if (!(error instanceof JsonPatchError)) throw error;
    throw new ApiError(422, 'Invalid', `the server rejected our request due to an error in our request`, {
      name,
      kind: kind.plural,
      causes: [{ message: error.message }],
    });
  }
}

function mustBeObject(body: Json): JsonObject {
  if (!isObject(body)) throw badRequest('error decoding patch: the patch must be an object');
  return body;
}

function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw badRequest(`error decoding patch: ${error instanceof Error ? error.message : ''}`);
  }
}

/** An apply configuration is YAML; JSON, which is YAML too, is parsed faster. */
function parseConfig(text: string): JsonObject {
  let config: unknown;
  try {
    config = text.trimStart().startsWith('{') ? JSON.parse(text) : parse(text, { maxAliasCount: 0 });
  } catch (error) {
    throw badRequest(`error decoding YAML: ${error instanceof Error ? error.message : ''}`);
  }
  return mustBeObject(config as Json);
}

/** Unknown fields after a patch: refused with the message of the real server, which names no object here. */
function settlePatch(patched: Json, unknown: readonly string[], options: WriteOptions): string[] {
  if (options.validation === 'Ignore') return [];
  if (options.validation === 'Warn') return unknown.map((path) => `unknown field "${path}"`);
  const error = fieldError.invalid('patch', JSON.stringify(patched), `strict decoding error: ${unknownFields(unknown)}`);
  throw invalid({ group: '', kind: '' }, '', [error]);
}

function apply(cluster: Cluster, target: Target, text: string, options: WriteOptions): WriteResult {
  const { kind } = target;
  const stored = cluster.store.get(kind.resource, keyOfTarget(target));
  const live = stored && kind.fromStored(stored);
  if (live === undefined && options.subresource !== '') throw notFound(kind, target.name);
  const given = configOf(target, parseConfig(text), options);
  const type = kind.fields;
  const managers = readManagers(live);
  const writer = writerOf(options, apiVersionOf(kind), 'Apply', cluster.now());
  const mine = managers.find(
    (one) => one.operation === 'Apply' && one.name === writer.name && one.subresource === writer.subresource,
  );
  const others = managers.filter((one) => one !== mine).map((one) => one.fields);
  const now = claimed(given, type);
  const laid = mergeConfig(live, given, type);
  const before = mine?.fields ?? new Set<string>();
  const merged = dropAbandoned(isObject(laid) ? laid : given, type, { before, now, others });
  const owners = afterApply(managers, live, merged, type, writer, { fields: now, force: options.force });
  const { object } = decode(kind, merged);
  if (writer.name === 'kubectl') rememberApplied(object, live, given);
  if (live === undefined) return { object: insert(cluster, kind, object, options, owners), created: true, warnings: [] };
  return { object: replace(cluster, target, live, object, options, owners), created: false, warnings: [] };
}

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** Updates the annotation of kubectl's client-side apply where an object has it; this does not change ownership. */
function rememberApplied(object: KubeObject, live: KubeObject | undefined, config: JsonObject): void {
  if (live?.metadata.annotations?.[LAST_APPLIED] === undefined) return;
  object.metadata.annotations = { ...object.metadata.annotations, [LAST_APPLIED]: `${JSON.stringify(config)}\n` };
}

/** The configuration to be merged: with a name, without what an apply may not set. */
function configOf(target: Target, config: JsonObject, options: WriteOptions): JsonObject {
  const { kind, name } = target;
  if (asString(config['apiVersion']) === '' || asString(config['kind']) === '') {
    throw badRequest('error decoding YAML: apiVersion and kind must be set');
  }
  const { object, unknown } = decode(kind, clone(config));
  if (unknown.length > 0) throw undeclared(target, unknown);
  if (asArray(object.metadata['managedFields'] ?? []).length > 0) throw badRequest('metadata.managedFields must be nil');
  if ((object.metadata.name || name) !== name) {
    throw badRequest(`the name of the object (${object.metadata.name}) does not match the name on the URL (${name})`);
  }
  object.metadata.name = name;
  setNamespace(object, kind, target.namespace);
  if (!kind.custom) dropNulls(object);
  if (options.subresource === 'status') {
    const { apiVersion, kind: kindName, metadata, status } = object;
    const { name: own, namespace } = metadata;
    const identity = { name: own, ...(namespace === undefined ? {} : { namespace }) };
    return { apiVersion, kind: kindName, metadata: identity, ...(status === undefined ? {} : { status }) };
  }
  if (kind.hasStatus) delete object['status'];
  return object;
}

/** In typed kinds null means no value. */
function dropNulls(value: Json): void {
  if (Array.isArray(value)) value.forEach(dropNulls);
  if (!isObject(value)) return;
  for (const [name, child] of Object.entries(value)) {
    if (child === null) delete value[name];
    else dropNulls(child);
  }
}

function undeclared({ kind, namespace, name }: Target, unknown: readonly string[]): ApiError {
  const where = `${namespace === undefined ? '' : `${namespace}/`}${name}; ${apiVersionOf(kind)}, Kind=${kind.kind}`;
  const [first = ''] = unknown;
  return new ApiError(500, '', `failed to create typed patch object (${where}): .${first}: field not declared in schema`);
}
