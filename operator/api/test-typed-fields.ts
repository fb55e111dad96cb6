/** For tests: the fields of the CRD whose rule says in one sentence what a value must be, which are its durations and ports. */
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import type { JsonObject } from '../../test/local-cluster/apiserver/json.ts';

const CRD = new URL('../../crds/loadbalancerpolicies.yaml', import.meta.url);

export interface Node {
  readonly type?: string;
  readonly description?: string;
  readonly pattern?: string;
  readonly maxLength?: number;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-validations'?: readonly { readonly rule: string; readonly message: string }[];
}

/** The definition as the chart installs it. */
export const crd = parse(await readFile(CRD, 'utf8')) as JsonObject & {
  readonly spec: { readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: Node } }[] };
};

/** Every schema at or below one, with its path; the items of a list are its item 0. */
function* nodes(node: Node, path: string): Generator<readonly [path: string, node: Node]> {
  yield [path, node];
  for (const [name, child] of Object.entries(node.properties ?? {})) yield* nodes(child, `${path}.${name}`);
  if (node.items !== undefined) yield* nodes(node.items, `${path}[0]`);
}

const all = [...nodes(crd.spec.versions[0]?.schema.openAPIV3Schema.properties?.['spec'] ?? {}, 'spec')];
const whose = (message: string) =>
  all.filter(([, node]) => node['x-kubernetes-validations']?.some((rule) => rule.message.startsWith(message)));

export const durations = whose('must be a duration such as ');
export const ports = whose('must be a number, such as ');
/** What else admits two types, and has no such sentence, is a mistake. */
export const intOrString = all.filter(([, node]) => node['x-kubernetes-int-or-string'] === true);
