/** For tests: the fields of the CRD that admit two types for the sake of a message, and of which a rule refuses one. */
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import type { JsonObject } from '../../test/local-cluster/apiserver/json.ts';

const CRD = new URL('../../crds/loadbalancerpolicies.yaml', import.meta.url);
/** How a field that is given as text, or as a number, for the sake of its message begins its rule. */
const TYPED = /^type\(self\) == (int|string)\b/;

interface Node {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly 'x-kubernetes-validations'?: readonly { readonly rule: string }[];
}

/** The definition as the chart installs it. */
export const crd = parse(await readFile(CRD, 'utf8')) as JsonObject & {
  readonly spec: { readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: Node } }[] };
};

/** Paths of the fields whose rule asks for a type, that type, and their descriptions. */
function* typedFields(node: Node | undefined, path: string): Generator<[path: string, type: string, description: string]> {
  for (const { rule } of node?.['x-kubernetes-validations'] ?? []) {
    const type = TYPED.exec(rule)?.[1];
    if (type !== undefined) yield [path, type, node?.description ?? ''];
  }
  for (const [name, child] of Object.entries(node?.properties ?? {})) yield* typedFields(child, `${path}.${name}`);
  if (node?.items !== undefined) yield* typedFields(node.items, `${path}[0]`);
}

/** Of the whole spec. */
export const declared = [...typedFields(crd.spec.versions[0]?.schema.openAPIV3Schema.properties?.['spec'], 'spec')];

/** Paths of the fields that must be of a type of CEL. */
export const fieldsOf = (type: 'int' | 'string'): string[] =>
  declared.filter(([, other]) => other === type).map(([path]) => path);
