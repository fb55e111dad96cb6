/** The structural OpenAPI v3 schema of a custom resource, as in its CRD. */
import type { FieldType } from '../fields.ts';
import { metadataFields } from '../fields.ts';
import type { Json } from '../json.ts';

export interface Rule {
  readonly rule: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly reason?: string;
  readonly fieldPath?: string;
}

export interface Schema {
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly default?: Json;
  readonly nullable?: boolean;
  readonly enum?: readonly Json[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly exclusiveMaximum?: boolean;
  readonly multipleOf?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly not?: Schema;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: 'granular' | 'atomic';
  readonly 'x-kubernetes-validations'?: readonly Rule[];
}

/** The schema of a property: a declared one, else the one for all further properties. */
export function propertySchema(schema: Schema, name: string): Schema | undefined {
  if (schema.properties !== undefined && Object.hasOwn(schema.properties, name)) return schema.properties[name];
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}

/** Paths as in error messages: `spec.ports[0].name`. */
export function childPath(path: string, key: string | number): string {
  if (typeof key === 'number') return `${path}[${key}]`;
  return path === '' ? key : `${path}.${key}`;
}

/** How values of a schema merge. */
export function schemaFields(schema: Schema | undefined, root = false): FieldType {
  const keys = schema?.['x-kubernetes-list-map-keys'];
  const list = schema?.['x-kubernetes-list-type'];
  return {
    fixed: false,
    map: schema?.['x-kubernetes-map-type'] === 'atomic' ? 'atomic' : 'granular',
    list:
      list === 'map' && keys !== undefined
        ? { keys, defaults: keyDefaults(schema?.items, keys) }
        : list === 'set'
          ? 'set'
          : 'atomic',
    field: (name) =>
      root && name === 'metadata'
        ? metadataFields
        : schemaFields(schema === undefined ? undefined : propertySchema(schema, name)),
    item: () => schemaFields(schema?.items),
  };
}

function keyDefaults(item: Schema | undefined, keys: readonly string[]): Record<string, string> {
  const pairs = keys.map((key) => [key, item?.properties?.[key]?.default] as const);
  return Object.fromEntries(pairs.filter((pair): pair is [string, string] => typeof pair[1] === 'string'));
}
