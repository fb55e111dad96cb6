/**
 * `/openapi/v3`: an index and one document for each group and version. Custom resources have their whole schema and its
 * descriptions; built-in kinds only what kubectl needs to find them, so that it falls back to the types compiled into it.
 */
import { createHash } from 'node:crypto';
import { schemaOf } from '../crd/custom.ts';
import { crdKind } from '../crd/kind.ts';
import { asArray, asObject, asString } from '../json.ts';
import type { JsonObject } from '../json.ts';
import type { Kind } from '../kinds.ts';
import type { Store } from '../store.ts';

const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

const text: JsonObject = { type: 'string' };
const texts: JsonObject = { type: 'object', additionalProperties: text };

const objectMeta: JsonObject = {
  description: 'ObjectMeta is metadata that all persisted resources must have, which includes all objects users must create.',
  type: 'object',
  properties: {
    ...{ annotations: texts, labels: texts, finalizers: { type: 'array', items: text } },
    ...{ name: text, namespace: text, generateName: text, uid: text, resourceVersion: text },
    ...{ creationTimestamp: text, deletionTimestamp: text, generation: { type: 'integer', format: 'int64' } },
  },
};

const standard: JsonObject = {
  apiVersion: {
    description:
      'APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources',
    type: 'string',
  },
  kind: {
    description:
      'Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds',
    type: 'string',
  },
  metadata: {
    description:
      "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata",
    allOf: [{ $ref: `#/components/schemas/${OBJECT_META}` }],
  },
};

function documentPath(kind: { group: string; version: string }): string {
  return kind.group === '' ? `api/${kind.version}` : `apis/${kind.group}/${kind.version}`;
}

/** The index; its hashes change with the documents, which is how clients know to fetch them again. */
export function openApiIndex(store: Store, kinds: readonly Kind[]): JsonObject {
  const groups = Map.groupBy(kinds, documentPath);
  const paths = [...groups.keys()].map((path) => {
    const hash = createHash('sha512')
      .update(JSON.stringify(openApiDocument(store, kinds, path)))
      .digest('hex')
      .toUpperCase();
    return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }] as const;
  });
  return { paths: Object.fromEntries(paths) };
}

/** @param path such as `apis/outrigger.dev/v1alpha1`; @returns undefined for an unknown group */
export function openApiDocument(store: Store, kinds: readonly Kind[], path: string): JsonObject | undefined {
  const members = kinds.filter((kind) => documentPath(kind) === path);
  if (members.length === 0) return undefined;
  const schemas = Object.fromEntries(members.map((kind) => [schemaName(kind), kindSchema(store, kind)]));
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.36.2' },
    paths: Object.fromEntries(members.flatMap(pathsOf)),
    components: { schemas: { ...schemas, [OBJECT_META]: objectMeta } },
  };
}

function schemaName(kind: Kind): string {
  const reversed = kind.group === '' ? 'io.k8s.api.core' : kind.group.split('.').reverse().join('.');
  return `${reversed}.${kind.version}.${kind.kind}`;
}

function kindSchema(store: Store, kind: Kind): JsonObject {
  const identity = [{ group: kind.group, version: kind.version, kind: kind.kind }];
  const schema = kind.custom
    ? customSchema(store, kind)
    : { type: 'object', properties: { spec: { type: 'object' }, status: { type: 'object' } } };
  return {
    ...schema,
    properties: { ...standard, ...asObject(schema['properties']), metadata: standard['metadata'] ?? {} },
    'x-kubernetes-group-version-kind': identity,
  };
}

function customSchema(store: Store, kind: Kind): JsonObject {
  const crd = store.get(crdKind.resource, `${kind.plural}.${kind.group}`);
  const versions = asArray(asObject(crd?.['spec'])['versions']).map(asObject);
  const version = versions.find((one) => asString(one['name']) === kind.version);
  return version === undefined ? {} : (schemaOf(version) as JsonObject);
}

function pathsOf(kind: Kind): [string, JsonObject][] {
  const base = `/${documentPath(kind)}${kind.namespaced ? '/namespaces/{namespace}' : ''}/${kind.plural}`;
  const status: [string, JsonObject][] = kind.hasStatus
    ? [[`${base}/{name}/status`, operations(kind, ['get', 'put', 'patch'])]]
    : [];
  return [
    [base, operations(kind, ['get', 'post', 'delete'])],
    [`${base}/{name}`, operations(kind, ['get', 'put', 'patch', 'delete'])],
    ...status,
  ];
}

function operations(kind: Kind, methods: readonly string[]): JsonObject {
  const content = { 'application/json': { schema: { $ref: `#/components/schemas/${schemaName(kind)}` } } };
  const operation = (method: string): JsonObject => ({
    description: `${method} ${kind.kind}`,
    operationId: `${method}${kind.kind}`,
    ...(method === 'get' || method === 'delete' ? {} : { parameters: PARAMETERS, requestBody: { content } }),
    responses: { '200': { description: 'OK', content } },
    'x-kubernetes-action': method,
    'x-kubernetes-group-version-kind': { group: kind.group, version: kind.version, kind: kind.kind },
  });
  return Object.fromEntries(methods.map((method) => [method, operation(method)]));
}

/** By these kubectl knows that the server validates fields and supports dryRun. */
const PARAMETERS: JsonObject[] = ['dryRun', 'fieldManager', 'fieldValidation', 'force'].map((name) => ({
  ...{ name, in: 'query', schema: { type: name === 'force' ? 'boolean' : 'string', uniqueItems: true } },
}));
