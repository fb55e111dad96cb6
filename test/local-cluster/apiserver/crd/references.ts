/** Finds fields that a CEL rule reads but the schema does not declare: the real server's type checker refuses those. */
import type { ASTNode } from '@marcbachmann/cel-js';
import { celName } from '../schema/cel.ts';
import type { Schema } from '../schema/types.ts';

/** The schema of an expression's value; undefined: unknown. */
type Known = Schema | undefined;
type Scope = ReadonlyMap<string, Known>;

/** Macros that bind a name to each item of a list or key of a map. */
const BINDING = new Set(['all', 'exists', 'exists_one', 'existsOne', 'filter', 'map']);

/** Names of undeclared fields, in no particular order. */
export function undeclaredFields(ast: ASTNode, schema: Schema): string[] {
  const missing: string[] = [];
  const scope: Scope = new Map([
    ['self', schema],
    ['oldSelf', schema],
  ]);
  visit(ast, scope, missing);
  return missing;
}

function visit(node: ASTNode, scope: Scope, missing: string[]): Known {
  switch (node.op) {
    case 'id':
      return scope.get(node.args);
    case '.':
      return member(visit(node.args[0], scope, missing), node.args[1], missing);
    case '[]':
      visit(node.args[1], scope, missing);
      return element(visit(node.args[0], scope, missing));
    case 'rcall':
      return call(node.args[0], visit(node.args[1], scope, missing), node.args[2], scope, missing);
    default:
      for (const child of operands(node.args)) visit(child, scope, missing);
      return undefined;
  }
}

function member(of: Known, name: string, missing: string[]): Known {
  if (of?.properties === undefined) return typeof of?.additionalProperties === 'object' ? of.additionalProperties : undefined;
  const found = Object.entries(of.properties).find(([property]) => celName(property) === name);
  const always = name === 'metadata' || name === 'apiVersion' || name === 'kind';
  if (found === undefined && !always && of['x-kubernetes-preserve-unknown-fields'] !== true) missing.push(name);
  return found?.[1];
}

function element(of: Known): Known {
  return of?.items ?? (typeof of?.additionalProperties === 'object' ? of.additionalProperties : undefined);
}

function call(name: string, receiver: Known, args: readonly ASTNode[], scope: Scope, missing: string[]): Known {
  const [bound, ...bodies] = args;
  if (!BINDING.has(name) || bound?.op !== 'id') {
    for (const argument of args) visit(argument, scope, missing);
    return undefined;
  }
  // Over a map the name is a key, which has no schema.
  const inner: Scope = new Map([...scope, [bound.args, receiver?.items]]);
  for (const body of bodies) visit(body, inner, missing);
  return name === 'filter' ? receiver : undefined;
}

function operands(args: unknown): ASTNode[] {
  if (Array.isArray(args)) return args.flatMap(operands);
  return typeof args === 'object' && args !== null && 'op' in args ? [args as ASTNode] : [];
}
