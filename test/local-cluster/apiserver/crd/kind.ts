/** CustomResourceDefinition itself, as a kind. Its checks are in structure.ts and references.ts. */
import { crdColumns } from '../builtin/columns.ts';
import { checkSubdomain } from '../builtin/names.ts';
import { asArray, asObject, asString, isObject, setDefault } from '../json.ts';
import type { JsonObject, KubeObject } from '../json.ts';
import { describeKind } from '../kinds.ts';
import { fieldError } from '../status.ts';
import type { FieldError } from '../status.ts';
import { checkStructure } from './structure.ts';

export const CLEANUP = 'customresourcecleanup.apiextensions.k8s.io';

function defaults(crd: KubeObject): void {
  setDefault(crd, 'spec', {});
  const spec = asObject(crd['spec']);
  setDefault(spec, 'conversion', { strategy: 'None' });
  setDefault(spec, 'names', {});
  const names = asObject(spec['names']);
  setDefault(names, 'singular', asString(names['kind']).toLowerCase());
  setDefault(names, 'listKind', `${asString(names['kind'])}List`);
}

function prepare(crd: KubeObject): void {
  const stored = asArray(asObject(crd['spec'])['versions'])
    .map(asObject)
    .filter((version) => version['storage'] === true);
  setDefault(crd, 'status', {
    conditions: null,
    acceptedNames: { plural: '', kind: '' },
    storedVersions: stored.map((version) => asString(version['name'])),
  });
}

function validate(crd: KubeObject): FieldError[] {
  const spec = asObject(crd['spec']);
  const names = asObject(spec['names']);
  const versions = asArray(spec['versions']).map(asObject);
  const expected = `${asString(names['plural'])}.${asString(spec['group'])}`;
  const errors: FieldError[] = [];
  if (crd.metadata.name !== expected) {
    errors.push(fieldError.invalid('metadata.name', crd.metadata.name, 'must be spec.names.plural+"."+spec.group'));
  }
  for (const name of ['plural', 'kind']) {
    if (asString(names[name]) === '') errors.push(fieldError.required(`spec.names.${name}`));
  }
  if (asString(spec['group']) === '') errors.push(fieldError.required('spec.group'));
  else errors.push(...checkSubdomain(asString(spec['group']), 'spec.group'));
  if (!['Namespaced', 'Cluster'].includes(asString(spec['scope']))) {
    errors.push(fieldError.notSupported('spec.scope', spec['scope'] ?? '', ['Cluster', 'Namespaced']));
  }
  if (spec['preserveUnknownFields'] === true) {
    errors.push(fieldError.invalid('spec.preserveUnknownFields', true, 'must be false'));
  }
  if (versions.filter((version) => version['storage'] === true).length !== 1) {
    errors.push(fieldError.invalid('spec.versions', versions, 'must have exactly one version marked as storage version'));
  }
  return [...errors, ...versions.flatMap((version, i) => checkVersion(version, `spec.versions[${i}]`))];
}

function checkVersion(version: JsonObject, path: string): FieldError[] {
  const schema = asObject(version['schema'])['openAPIV3Schema'];
  if (!isObject(schema)) return [fieldError.required(`${path}.schema.openAPIV3Schema`, 'schemas are required')];
  return checkStructure(schema, `${path}.schema.openAPIV3Schema`);
}

export const crdKind = describeKind({
  ...{ group: 'apiextensions.k8s.io', version: 'v1', kind: 'CustomResourceDefinition', plural: 'customresourcedefinitions' },
  ...{ namespaced: false, shortNames: ['crd', 'crds'], categories: ['api-extensions'], columns: crdColumns },
  ...{ hasStatus: true, hasGeneration: true, unconditionalUpdate: false },
  defaults,
  prepare,
  validate,
});
