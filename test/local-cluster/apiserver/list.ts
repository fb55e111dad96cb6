/** LIST: selectors, pages that stay consistent, and the meaning of `resourceVersion` for a list. */
import { isObject } from './json.ts';
import type { Json, JsonObject, KubeObject } from './json.ts';
import type { Cluster, Kind } from './kinds.ts';
import { selector, selects } from './selectors.ts';
import type { ApiError, FieldError } from './status.ts';
import { badRequest, expired, fieldError, invalid, versionTooLarge } from './status.ts';
import { keyOf } from './store.ts';
import { listOf } from './view.ts';
import type { ListMeta, View } from './view.ts';

interface Start {
  /** The version that the pages show. */
  readonly rv: number;
  /** Key to begin at, without the namespace when the list has one; empty for the first page. */
  readonly key: string;
}

const PAGE_EXPIRED =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.';

export function list(
  cluster: Cluster,
  kind: Kind,
  namespace: string | undefined,
  query: URLSearchParams,
  view: View,
): JsonObject {
  const test = selector(kind, query);
  checkVersionOptions(query, false);
  const start = startOf(cluster, query);
  const found = objectsAt(cluster, kind, namespace, start).filter((object) => test(object));
  const limit = limitOf(query);
  const page = limit === 0 ? found : found.slice(0, limit);
  const meta = listMeta(start.rv, namespace, page, found.length - page.length, selects(query));
  return listOf(kind, page, meta, view, cluster.now());
}

function limitOf(query: URLSearchParams): number {
  const limit = Number(query.get('limit') ?? 0);
  return Number.isInteger(limit) && limit > 0 ? limit : 0;
}

function listMeta(
  rv: number,
  namespace: string | undefined,
  page: readonly KubeObject[],
  left: number,
  selecting: boolean,
): ListMeta {
  const last = page.at(-1);
  const resourceVersion = String(rv);
  if (left === 0 || last === undefined) return { resourceVersion };
  const key = namespace === undefined ? keyOf(last) : last.metadata.name;
  const token = encodeToken({ rv, key: `${key}\u0000` });
  return { resourceVersion, continue: token, ...(selecting ? {} : { remainingItemCount: left }) };
}

function objectsAt(cluster: Cluster, kind: Kind, namespace: string | undefined, start: Start): KubeObject[] {
  const { store } = cluster;
  const objects =
    start.rv === store.revision ? store.list(kind.resource, namespace) : store.listAt(start.rv, kind.resource, namespace);
  if (objects === undefined) {
    if (start.key === '') throw expired('The resourceVersion for the provided list is too old.');
    throw expired(PAGE_EXPIRED, encodeToken({ rv: -1, key: start.key }));
  }
  const after = objects.filter((object) => (namespace === undefined ? keyOf(object) : object.metadata.name) >= start.key);
  return after.map((object) => kind.fromStored(object));
}

function startOf(cluster: Cluster, query: URLSearchParams): Start {
  const token = query.get('continue') ?? '';
  const { revision } = cluster.store;
  if (token !== '') {
    const start = decodeToken(token);
    if (start.rv > revision) throw versionTooLarge(start.rv, revision);
    return start.rv < 0 ? { ...start, rv: revision } : start;
  }
  const asked = versionOf(query);
  if (asked !== undefined && asked > revision) throw versionTooLarge(asked, revision);
  const exact = query.get('resourceVersionMatch') === 'Exact' && asked !== undefined;
  return { rv: exact ? asked : revision, key: '' };
}

/** The `resourceVersion` of a request: a whole number or, like an empty one, undefined. @throws 400 */
export function versionOf(query: URLSearchParams): number | undefined {
  const text = query.get('resourceVersion') ?? '';
  if (text === '') return undefined;
  if (!/^[0-9]{1,15}$/.test(text)) {
    throw badRequest(`Invalid value: "${text}": strconv.ParseUint: parsing "${text}": invalid syntax`);
  }
  return Number(text);
}

/** The valid combinations of `resourceVersion`, its match and `sendInitialEvents`. */
export function checkVersionOptions(query: URLSearchParams, watching: boolean): void {
  const match = query.get('resourceVersionMatch') ?? '';
  const initial = query.get('sendInitialEvents') !== null;
  const field = 'resourceVersionMatch';
  const errors: FieldError[] = [];
  if (initial && !watching) errors.push(fieldError.forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  if (initial && watching && match !== 'NotOlderThan') {
    errors.push(fieldError.forbidden(field, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'));
  }
  if (watching && !initial && match !== '') {
    errors.push(fieldError.forbidden(field, 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'));
  }
  if (!watching && match !== '') errors.push(...matchErrors(match, query));
  if (errors.length > 0) throw refused(errors);
}

function matchErrors(match: string, query: URLSearchParams): FieldError[] {
  const field = 'resourceVersionMatch';
  const version = query.get('resourceVersion') ?? '';
  if (version === '')
    return [fieldError.forbidden(field, 'resourceVersionMatch is forbidden unless resourceVersion is provided')];
  if ((query.get('continue') ?? '') !== '') {
    return [fieldError.forbidden(field, 'resourceVersionMatch is forbidden when continue is provided')];
  }
  if (match !== 'Exact' && match !== 'NotOlderThan')
    return [fieldError.notSupported(field, match, ['Exact', 'NotOlderThan', ''])];
  if (match === 'Exact' && version === '0') {
    return [fieldError.forbidden(field, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"')];
  }
  return [];
}

function refused(errors: readonly FieldError[]): ApiError {
  return invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors);
}

function encodeToken({ rv, key }: Start): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv, start: `/${key}` })).toString('base64url');
}

function decodeToken(token: string): Start {
  const text = Buffer.from(token, 'base64url').toString('latin1');
  const value = parsed(text);
  const { v, rv, start } = isObject(value) ? value : {};
  if (v !== 'meta.k8s.io/v1' || typeof rv !== 'number' || typeof start !== 'string' || !start.startsWith('/')) {
    throw badRequest('invalid continue token: continue key is not valid: server does not recognize this encoded version');
  }
  return { rv, key: start.slice(1) };
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    const why =
      text === '' ? 'unexpected end of JSON input' : `invalid character '${text.charAt(0)}' looking for beginning of value`;
    throw badRequest(`invalid continue token: continue key is not valid: ${why}`);
  }
}
