/** The options of a write request. */
import type { KubeObject } from '../json.ts';
import type { Writer } from '../managers.ts';
import { fieldError, invalid } from '../status.ts';
import type { ApiError, FieldError } from '../status.ts';

export interface WriteOptions {
  /** The owner of the fields written. */
  readonly manager: string;
  readonly dryRun: boolean;
  readonly validation: 'Strict' | 'Warn' | 'Ignore';
  readonly force: boolean;
  readonly subresource: '' | 'status';
}

export interface WriteResult {
  readonly object: KubeObject;
  readonly created: boolean;
  /** For `Warning` headers. */
  readonly warnings: readonly string[];
}

/** @throws ApiError for values the real server refuses too. */
export function writeOptions(query: URLSearchParams, userAgent: string, subresource: '' | 'status'): WriteOptions {
  const validation = query.get('fieldValidation') ?? '';
  if (!['', 'Strict', 'Warn', 'Ignore'].includes(validation)) {
    throw refused(fieldError.notSupported('fieldValidation', validation, ['', 'Ignore', 'Strict', 'Warn']));
  }
  const dryRun = query.getAll('dryRun').filter((value) => value !== '');
  if (dryRun.some((value) => value !== 'All')) throw refused(fieldError.notSupported('dryRun', dryRun, ['All']));
  return {
    manager: query.get('fieldManager') ?? managerOf(userAgent),
    dryRun: dryRun.length > 0,
    validation: validation === 'Strict' || validation === 'Ignore' ? validation : 'Warn',
    force: query.get('force') === 'true' || query.get('force') === '1',
    subresource,
  };
}

/** Without a given name, the writing program is the manager. */
function managerOf(userAgent: string): string {
  return (userAgent.split('/')[0] ?? '').slice(0, 128) || 'unknown';
}

function refused(error: FieldError): ApiError {
  return invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [error]);
}

/** The entry of `managedFields` that a write is recorded under. */
export function writerOf(options: WriteOptions, apiVersion: string, operation: 'Apply' | 'Update', now: Date): Writer {
  return {
    name: options.manager,
    operation,
    apiVersion,
    subresource: options.subresource,
    time: timestamp(now),
  };
}

/** RFC 3339 in whole seconds, as in all metadata. */
export function timestamp(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
