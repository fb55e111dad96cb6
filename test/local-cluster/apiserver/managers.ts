/** Who owns which fields, as kept in `metadata.managedFields`; what an update takes over and where an apply conflicts. */
import type { FieldType } from './fields.ts';
import { asString } from './json.ts';
import type { JsonObject, KubeObject } from './json.ts';
import { compare, decode, encode, printable } from './managedfields.ts';
import type { FieldSet } from './managedfields.ts';
import { ApiError } from './status.ts';

export interface Manager {
  readonly name: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string;
  readonly time: string;
  readonly fields: FieldSet;
}

export type Writer = Omit<Manager, 'fields'>;

function same(a: Writer, b: Writer): boolean {
  return a.name === b.name && a.operation === b.operation && a.apiVersion === b.apiVersion && a.subresource === b.subresource;
}

export function readManagers(object: KubeObject | undefined): Manager[] {
  return (object?.metadata.managedFields ?? [])
    .filter((entry) => entry['manager'] !== undefined)
    .map((entry) => ({
      name: asString(entry['manager']),
      operation: entry['operation'] === 'Apply' ? 'Apply' : 'Update',
      apiVersion: asString(entry['apiVersion']),
      subresource: asString(entry['subresource']),
      time: asString(entry['time']),
      fields: decode(entry['fieldsV1']),
    }));
}

export function writeManagers(object: KubeObject, managers: readonly Manager[]): void {
  const entries = managers.filter((manager) => manager.fields.size > 0).sort(byAge);
  delete object.metadata.managedFields;
  if (entries.length > 0) object.metadata.managedFields = entries.map(toEntry);
}

function byAge(a: Manager, b: Manager): number {
  if (a.operation !== b.operation) return a.operation === 'Apply' ? -1 : 1;
  return a.time.localeCompare(b.time) || a.name.localeCompare(b.name) || a.subresource.localeCompare(b.subresource);
}

function toEntry(manager: Manager): JsonObject {
  return {
    manager: manager.name,
    operation: manager.operation,
    apiVersion: manager.apiVersion,
    ...(manager.time === '' ? {} : { time: manager.time }),
    fieldsType: 'FieldsV1',
    fieldsV1: encode(manager.fields),
    ...(manager.subresource === '' ? {} : { subresource: manager.subresource }),
  };
}

function minus(set: FieldSet, ...others: FieldSet[]): FieldSet {
  return new Set([...set].filter((path) => others.every((other) => !other.has(path))));
}

/** An update owns what it changed; other managers lose that. `before` is undefined on creation. */
export function afterUpdate(
  managers: readonly Manager[],
  before: KubeObject | undefined,
  after: KubeObject,
  type: FieldType,
  writer: Writer,
): Manager[] {
  const { added, modified, removed } = compare(before ?? {}, after, type);
  if (added.size + modified.size + removed.size === 0) return [...managers];
  const others = managers
    .filter((manager) => !same(manager, writer))
    .map((manager) => ({ ...manager, fields: minus(manager.fields, added, modified, removed) }));
  const mine = managers.find((manager) => same(manager, writer));
  const fields = new Set([...minus(mine?.fields ?? new Set(), removed), ...added, ...modified]);
  return [...others, { ...writer, fields }];
}

/** An apply owns exactly what it contains. Changing what others own is a conflict unless it is forced. */
export function afterApply(
  managers: readonly Manager[],
  before: KubeObject | undefined,
  merged: JsonObject,
  type: FieldType,
  writer: Writer,
  claim: { readonly fields: FieldSet; readonly force: boolean },
): Manager[] {
  const { added, modified, removed } = compare(before ?? {}, merged, type);
  const others = managers.filter((manager) => !same(manager, writer));
  const conflicts = others.flatMap((manager) =>
    [...manager.fields].filter((path) => added.has(path) || modified.has(path)).map((path) => ({ manager, path })),
  );
  if (conflicts.length > 0 && !claim.force) throw conflictError(conflicts);
  const kept = others.map((manager) => ({ ...manager, fields: minus(manager.fields, added, modified, removed) }));
  // Claiming what is unchanged is no write, so its time stays.
  const changes = added.size + modified.size + removed.size > 0;
  const time = changes ? writer.time : (managers.find((manager) => same(manager, writer))?.time ?? '');
  return [...kept, { ...writer, time, fields: claim.fields }];
}

interface Conflict {
  readonly manager: Manager;
  readonly path: string;
}

function describe(manager: Manager): string {
  const subresource = manager.subresource === '' ? '' : ` with subresource "${manager.subresource}"`;
  return `"${manager.name}"${subresource} using ${manager.apiVersion}`;
}

function conflictError(conflicts: readonly Conflict[]): ApiError {
  const causes = conflicts.map(({ manager, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${describe(manager)}`,
    field: printable(path),
  }));
  return new ApiError(409, 'Conflict', conflictText(conflicts), { causes });
}

function conflictText(conflicts: readonly Conflict[]): string {
  const [first] = conflicts;
  if (first !== undefined && conflicts.length === 1) {
    return `Apply failed with 1 conflict: conflict with ${describe(first.manager)}: ${printable(first.path)}`;
  }
  const lines = [...Map.groupBy(conflicts, ({ manager }) => describe(manager))]
    .sort(([a], [b]) => a.localeCompare(b))
    .flatMap(([manager, list]) => [`conflicts with ${manager}:`, ...list.map(({ path }) => `- ${printable(path)}`)]);
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`;
}
