/** The request to a webhook, and its answer: AdmissionReview v1. */
import { randomUUID } from 'node:crypto';
import type { User } from '../access/user.ts';
import { asArray, asObject, asString, at, clone, isObject } from '../json.ts';
import type { Json, JsonObject, KubeObject } from '../json.ts';
import type { Kind } from '../kinds.ts';
import { jsonPatch } from '../patch/json.ts';
import { ApiError } from '../status.ts';
import type { Webhook } from './webhooks.ts';

export interface Question {
  readonly kind: Kind;
  readonly user: User;
  readonly dryRun: boolean;
  /** `fieldManager` and the like, as in the request. */
  readonly query: URLSearchParams;
}

export interface Verdict {
  readonly patch: Json[];
  readonly warnings: readonly string[];
}

/** No answer, or an invalid one: the webhook's failure policy decides. */
export class WebhookFailure extends Error {}

function badAnswer(why: string): WebhookFailure {
  return new WebhookFailure(`received invalid webhook response: ${why}`);
}

export function reviewOf(object: KubeObject, { kind, user, dryRun, query }: Question): JsonObject {
  const { group, version, plural } = kind;
  const what = { group, version, kind: kind.kind };
  const which = { group, version, resource: plural };
  const options = ['fieldManager', 'fieldValidation'].flatMap((name) => {
    const value = query.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  const request: JsonObject = {
    ...{ uid: randomUUID(), kind: what, resource: which, requestKind: what, requestResource: which },
    ...(object.metadata.name ? { name: object.metadata.name } : {}),
    ...(object.metadata.namespace === undefined ? {} : { namespace: object.metadata.namespace }),
    operation: 'CREATE',
    userInfo: { username: user.username, uid: user.uid, groups: [...user.groups] },
    ...{ object, oldObject: null, dryRun },
    options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1', ...Object.fromEntries(options) },
  };
  return { kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', request };
}

/** @throws WebhookFailure; ApiError when the webhook denies the request */
export function verdictOf(webhook: Webhook, review: JsonObject, answer: Json): Verdict {
  const { apiVersion, kind, response } = asObject(answer);
  if (apiVersion !== 'admission.k8s.io/v1' || kind !== 'AdmissionReview') {
    const got = `${asString(apiVersion)}, Kind=${asString(kind)}`;
    throw badAnswer(`expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got ${got}`);
  }
  if (!isObject(response)) throw badAnswer('webhook response was absent');
  const uid = asString(at(review, 'request', 'uid'));
  if (response['uid'] !== uid)
    throw badAnswer(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response['uid'] ?? '')}`);
  if (response['allowed'] !== true) throw denial(webhook, asObject(response['status']));
  const warnings = asArray(response['warnings']).map(asString);
  const { patch, patchType } = response;
  if (patch === undefined || patch === null || patch === '') return { patch: [], warnings };
  if (patchType === undefined) throw badAnswer('webhook returned response.patch but not response.patchType');
  if (patchType !== 'JSONPatch') throw badAnswer(`webhook returned invalid response.patchType of ${JSON.stringify(patchType)}`);
  return { patch: operations(patch), warnings };
}

/** A patch that cannot be applied is an internal error, whatever the failure policy. @throws 500 */
function operations(patch: Json): Json[] {
  try {
    const list = JSON.parse(Buffer.from(asString(patch), 'base64').toString()) as Json;
    if (Array.isArray(list)) return list;
  } catch {
    // Reported below.
  }
  throw internal('the patch of the webhook is not a list of JSON patch operations');
}

/** @throws 500 for a patch that cannot be applied */
export function patched(object: KubeObject, patch: readonly Json[]): KubeObject {
  try {
    const result = jsonPatch(clone(object), [...patch]);
    if (isObject(result) && isObject(result['metadata'])) return result as KubeObject;
  } catch (error) {
    throw internal(error instanceof Error ? error.message : '');
  }
  throw internal('the patch of the webhook leaves no object');
}

export function internal(message: string): ApiError {
  const details = { causes: [{ message }] };
  return new ApiError(500, 'InternalError', `Internal error occurred: ${message}`, details);
}

function denial({ name }: Webhook, status: JsonObject): ApiError {
  const code = Number(status['code'] ?? 0);
  const reason = asString(status['reason']);
  const why = asString(status['message']) || reason;
  const by = `admission webhook "${name}" denied the request`;
  return new ApiError(code < 400 ? 400 : code, reason, why === '' ? `${by} without explanation` : `${by}: ${why}`);
}
