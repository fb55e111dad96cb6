/**
 * Writes operator/api/policy.gen.ts, the TypeScript types of LoadBalancerPolicy, and operator/api/schema.gen.ts, the version of its
 * schema, from crds/loadbalancerpolicies.yaml.
 *
 *   node scripts/generate-types.ts [FILE]           write (the types alone, to FILE)
 *   node scripts/generate-types.ts --check [FILE]   write nothing; exit 1 and print the first different line when it is out of date
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compile } from 'json-schema-to-typescript';
import { parse } from 'yaml';
import type { JSONSchema } from 'json-schema-to-typescript';
import { schemaVersionFile, type Definition } from './schema-version.ts';

const SOURCE = new URL('../crds/loadbalancerpolicies.yaml', import.meta.url);
const TARGET = fileURLToPath(new URL('../operator/api/policy.gen.ts', import.meta.url));
const VERSION_TARGET = fileURLToPath(new URL('../operator/api/schema.gen.ts', import.meta.url));

const BANNER = `// Generated from crds/loadbalancerpolicies.yaml by scripts/generate-types.ts: edit that, then run the script.
// Fields with a default are optional all the same: an object stored before the default existed lacks it (see defaults.ts).
import type { ObjectMeta } from './kubernetes.ts';
`;

/** Names of types, by path of the object; an object that is not listed is an inline type of its parent. */
const NAMES: Readonly<Record<string, string>> = {
  '': 'LoadBalancerPolicy',
  '.spec': 'PolicySpec',
  '.spec.proxies': 'ProxySelection',
  '.spec.proxies.selector': 'LabelSelector',
  '.spec.proxies.selector.matchExpressions[]': 'LabelRequirement',
  '.spec.listener': 'ListenerSpec',
  '.spec.listener.clientAddress': 'ClientAddressSpec',
  '.spec.listener.pathNormalization': 'PathNormalizationSpec',
  '.spec.matches[]': 'MatchSpec',
  '.spec.matches[].path': 'PathMatch',
  '.spec.matches[].headers[]': 'HeaderMatch',
  '.spec.backendRefs[]': 'BackendRef',
  '.spec.loadBalancer': 'LoadBalancerSpec',
  '.spec.loadBalancer.consistentHash': 'ConsistentHashSpec',
  '.spec.loadBalancer.consistentHash.hashOn': 'HashOnSpec',
  '.spec.loadBalancer.consistentHash.affinity': 'AffinitySpec',
  '.spec.loadBalancer.slowStart': 'SlowStartSpec',
  '.spec.loadBalancer.zoneAware': 'ZoneAwareSpec',
  '.spec.healthCheck': 'HealthCheckSpec',
  '.spec.healthCheck.active': 'ActiveCheckSpec',
  '.spec.healthCheck.passive': 'PassiveCheckSpec',
  '.spec.healthCheck.passive.failurePercent': 'FailurePercentSpec',
  '.spec.retry': 'RetrySpec',
  '.spec.retry.backOff': 'BackOffSpec',
  '.spec.retry.budget': 'RetryBudgetSpec',
  '.spec.timeouts': 'TimeoutsSpec',
  '.spec.requestHeaderModifier': 'RequestHeaderModifierSpec',
  '.spec.responseHeaderModifier': 'ResponseHeaderModifierSpec',
  '.spec.urlRewrite': 'UrlRewriteSpec',
  '.spec.urlRewrite.path': 'UrlRewritePathSpec',
  '.spec.requestRedirect': 'RequestRedirectSpec',
  '.spec.requestRedirect.path': 'RequestRedirectPathSpec',
  '.spec.circuitBreaker': 'CircuitBreakerSpec',
  '.spec.fallback': 'FallbackSpec',
  '.spec.fallback.redirect': 'FallbackRedirectSpec',
  '.spec.fallback.response': 'FallbackResponseSpec',
  '.spec.sessionPersistence': 'SessionPersistenceSpec',
  '.spec.sessionPersistence.cookie': 'SessionCookieSpec',
  '.spec.accessLog': 'AccessLogSpec',
  '.status': 'PolicyStatus',
  '.status.conditions[]': 'Condition',
};

interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-validations'?: readonly { readonly rule: string }[];
}

/** An int-or-string is a number here: it admits text only so that a rule can refuse it with a better message. */
function assertNumber(schema: Schema, path: string): void {
  const rules = schema['x-kubernetes-validations'] ?? [];
  if (rules.some(({ rule }) => rule === 'type(self) == int')) return;
  throw new Error(`${path}: an int-or-string needs the rule type(self) == int`);
}

/** The part of a structural schema that types can express: no bounds, defaults and rules. */
function toJsonSchema(schema: Schema, path: string): JSONSchema {
  if (path === '.metadata') return { tsType: 'ObjectMeta' };
  const out: JSONSchema = {};
  if (schema.type !== undefined) out.type = schema.type as 'object';
  if (schema['x-kubernetes-int-or-string'] === true) {
    assertNumber(schema, path);
    out.type = 'integer';
  }
  if (schema.description !== undefined) out.description = schema.description;
  if (schema.enum !== undefined) out.enum = [...schema.enum];
  if (schema.items !== undefined) out.items = toJsonSchema(schema.items, `${path}[]`);
  if (schema.type === 'object') Object.assign(out, objectMembers(schema, path));
  const name = NAMES[path];
  return name === undefined ? out : { ...out, title: name };
}

function objectMembers(schema: Schema, path: string): JSONSchema {
  const properties: Record<string, JSONSchema> = {};
  for (const [key, value] of Object.entries(schema.properties ?? {})) properties[key] = toJsonSchema(value, `${path}.${key}`);
  const values = schema.additionalProperties;
  return {
    properties,
    additionalProperties: values === undefined ? false : toJsonSchema(values, `${path}{}`),
    required: [...(schema.required ?? []), ...(path === '' ? ['metadata'] : [])],
  };
}

type Crd = Definition & {
  readonly spec: { readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: Schema } }[] };
};

async function generate(crd: Crd): Promise<string> {
  const version = crd.spec.versions[0];
  if (version === undefined) throw new Error(`${fileURLToPath(SOURCE)} has no version`);
  const schema = toJsonSchema(version.schema.openAPIV3Schema, '');
  return compile(schema, 'LoadBalancerPolicy', {
    bannerComment: BANNER,
    style: { printWidth: 130, singleQuote: true, tabWidth: 2, bracketSpacing: true },
  });
}

/** Returns whether the file is out of date, and prints where. */
async function differs(target: string, wanted: string): Promise<boolean> {
  const present = await readFile(target, 'utf8').catch(() => '');
  if (present === wanted) return false;
  const [old, fresh] = [present.split('\n'), wanted.split('\n')];
  const first = fresh.findIndex((line, index) => line !== old[index]);
  const at = first === -1 ? fresh.length : first;
  console.error(`${target} is out of date from line ${at + 1} on:`);
  console.error(`  present: ${old[at] ?? '(end of file)'}\n  wanted:  ${fresh[at] ?? '(end of file)'}`);
  console.error('Run: node scripts/generate-types.ts');
  return true;
}

const { values, positionals } = parseArgs({ options: { check: { type: 'boolean' } }, allowPositionals: true });
const crd = parse(await readFile(SOURCE, 'utf8')) as Crd;
const wanted = new Map([[positionals[0] ?? TARGET, await generate(crd)]]);
if (positionals.length === 0) {
  const present = await readFile(VERSION_TARGET, 'utf8').catch(() => '');
  try {
    wanted.set(VERSION_TARGET, schemaVersionFile(crd, present));
  } catch (error) {
    console.error(`${fileURLToPath(SOURCE)}: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}
for (const [target, text] of wanted) {
  if (!values.check) await writeFile(target, text);
  else if (await differs(target, text)) process.exitCode = 1;
}
