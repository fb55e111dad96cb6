/** Failures as `Status` objects with their HTTP codes, and with the messages of kube-apiserver 1.36. */
import type { Json, JsonObject } from './json.ts';

/** A resource in a message: `group` is empty for the core group. */
export interface ResourceName {
  readonly group: string;
  readonly plural: string;
}

export interface FieldError {
  readonly reason: 'FieldValueInvalid' | 'FieldValueRequired' | 'FieldValueNotSupported' | FieldErrorRest;
  /** Dotted path such as `spec.ports[0].port`. */
  readonly field: string;
  readonly message: string;
}
type FieldErrorRest =
  'FieldValueTypeInvalid' | 'FieldValueTooLong' | 'FieldValueTooMany' | 'FieldValueDuplicate' | 'FieldValueForbidden';

/** Thrown anywhere below the router; answered as a `Status`. */
export class ApiError extends Error {
  readonly code: number;
  readonly status: JsonObject;
  constructor(code: number, reason: string, message: string, details?: JsonObject, metadata: JsonObject = {}) {
    super(message);
    this.code = code;
    const base = { kind: 'Status', apiVersion: 'v1', metadata, status: 'Failure', message, reason };
    this.status = { ...base, ...(details === undefined ? {} : { details }), code };
  }
}

/** An unknown path: answered as plain text, not as a `Status`. */
export class PageNotFound extends Error {}

export const fieldError = {
  invalid: (field: string, value: Json, detail: string): FieldError => ({
    reason: 'FieldValueInvalid',
    field,
    message: `Invalid value: ${JSON.stringify(value)}: ${detail}`,
  }),
  required: (field: string, detail = ''): FieldError => ({
    reason: 'FieldValueRequired',
    field,
    message: detail === '' ? 'Required value' : `Required value: ${detail}`,
  }),
  notSupported: (field: string, value: Json, supported: readonly Json[]): FieldError => ({
    reason: 'FieldValueNotSupported',
    field,
    message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${supported.map((v) => JSON.stringify(v)).join(', ')}`,
  }),
  forbidden: (field: string, detail: string): FieldError => ({
    reason: 'FieldValueForbidden',
    field,
    message: `Forbidden: ${detail}`,
  }),
  duplicate: (field: string, value: Json): FieldError => ({
    reason: 'FieldValueDuplicate',
    field,
    message: `Duplicate value: ${JSON.stringify(value)}`,
  }),
};

function qualified(resource: ResourceName): string {
  return resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
}

function named(resource: ResourceName, name: string): JsonObject {
  return { name, ...(resource.group === '' ? {} : { group: resource.group }), kind: resource.plural };
}

export function notFound(resource: ResourceName, name: string): ApiError {
  return new ApiError(404, 'NotFound', `${qualified(resource)} "${name}" not found`, named(resource, name));
}

export function noSuchResource(): ApiError {
  return new ApiError(404, 'NotFound', 'the server could not find the requested resource', {});
}

export function alreadyExists(resource: ResourceName, name: string): ApiError {
  return new ApiError(409, 'AlreadyExists', `${qualified(resource)} "${name}" already exists`, named(resource, name));
}

const MODIFIED = 'the object has been modified; please apply your changes to the latest version and try again';

export function conflict(resource: ResourceName, name: string, why = MODIFIED): ApiError {
  const message = `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${why}`;
  return new ApiError(409, 'Conflict', message, named(resource, name));
}

export function forbidden(resource: ResourceName, name: string, why: string, causes: JsonObject[]): ApiError {
  const details = { ...named(resource, name), ...(causes.length === 0 ? {} : { causes }) };
  return new ApiError(403, 'Forbidden', `${qualified(resource)} "${name}" is forbidden: ${why}`, details);
}

/** 422 with one cause per error. `kind` is the Kind for bodies; a few old checks of the real server have the plural instead. */
export function invalid(kind: { group: string; kind: string }, name: string, errors: readonly FieldError[]): ApiError {
  const subject = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
  const texts = errors.map((e) => `${e.field}: ${e.message}`);
  const list = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  const causes = errors.map((e) => ({ reason: e.reason, message: e.message, field: e.field }));
  const who: JsonObject = { ...(name === '' ? {} : { name }), ...(kind.group === '' ? {} : { group: kind.group }) };
  const details = { ...who, ...(kind.kind === '' ? {} : { kind: kind.kind }), causes };
  return new ApiError(422, 'Invalid', `${subject} "${name}" is invalid: ${list}`, details);
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, 'BadRequest', message);
}

export function unauthorized(): ApiError {
  return new ApiError(401, 'Unauthorized', 'Unauthorized');
}

export function methodNotAllowed(): ApiError {
  return new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});
}

export function unsupportedMediaType(accepted: readonly string[]): ApiError {
  const message = `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`;
  return new ApiError(415, 'UnsupportedMediaType', message);
}

export function notAcceptable(accepted: readonly string[]): ApiError {
  return new ApiError(406, 'NotAcceptable', `only the following media types are accepted: ${accepted.join(', ')}`);
}

export function tooLarge(limit: number): ApiError {
  const message = `Request entity too large: limit is ${limit}`;
  return new ApiError(413, 'RequestEntityTooLarge', message);
}

/** 410. Inside a watch it is an ERROR event under HTTP status 200. */
export function expired(message: string, token?: string): ApiError {
  return new ApiError(410, 'Expired', message, undefined, token === undefined ? {} : { continue: token });
}

/** 504: the client names a resourceVersion that this server has not reached. */
export function versionTooLarge(asked: number, current: number): ApiError {
  const causes = [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }];
  const message = `Timeout: Too large resource version: ${asked}, current: ${current}`;
  return new ApiError(504, 'Timeout', message, { causes, retryAfterSeconds: 1 });
}

export function success(resource: ResourceName, name: string, uid: string): JsonObject {
  const details = { ...named(resource, name), uid };
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
}
