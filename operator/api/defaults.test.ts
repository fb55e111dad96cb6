import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { parse } from 'yaml';
import { DEFAULTS } from './defaults.ts';

interface Schema {
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

const crd = parse(await readFile(new URL('../../crds/loadbalancerpolicies.yaml', import.meta.url), 'utf8')) as {
  spec: { versions: { schema: { openAPIV3Schema: Schema } }[] };
};

function at(path: string): Schema {
  let schema: Schema | undefined = crd.spec.versions[0]?.schema.openAPIV3Schema.properties?.['spec'];
  for (const step of path.split('.')) schema = step === '[]' ? schema?.items : schema?.properties?.[step];
  assert.ok(schema, path);
  return schema;
}

/** Every default that the operator fills in itself, by the field of the spec that it is for. */
const FIELDS: Readonly<Record<string, unknown>> = {
  'proxies.type': DEFAULTS.proxyType,
  'listener.protocol': DEFAULTS.protocol,
  ...prefixed('listener.pathNormalization', DEFAULTS.pathNormalization),
  'matches.[].path.type': DEFAULTS.pathType,
  'matches.[].path.value': DEFAULTS.pathValue,
  'matches.[].headers.[].type': DEFAULTS.headerType,
  'requestRedirect.statusCode': DEFAULTS.redirectStatus,
  'backendRefs.[].weight': DEFAULTS.weight,
  ...prefixed('loadBalancer', DEFAULTS.loadBalancer),
  ...prefixed('loadBalancer.consistentHash', DEFAULTS.consistentHash),
  ...prefixed('loadBalancer.consistentHash.hashOn', DEFAULTS.hashOn),
  'loadBalancer.consistentHash.hashOn.cookie.ttl': DEFAULTS.cookieTtl,
  ...prefixed('loadBalancer.consistentHash.affinity', DEFAULTS.affinity),
  ...prefixed('loadBalancer.slowStart', DEFAULTS.slowStart),
  ...prefixed('loadBalancer.zoneAware.preferLocal', DEFAULTS.preferLocal),
  ...prefixed('healthCheck.active', { ...DEFAULTS.probe, ...DEFAULTS.httpProbe }),
  ...prefixed('healthCheck.passive', DEFAULTS.passive),
  ...prefixed('healthCheck.passive.failurePercent', DEFAULTS.failurePercent),
  'healthCheck.panicThreshold': DEFAULTS.panicThreshold,
  ...prefixed('retry', DEFAULTS.retry),
  ...prefixed('retry.backOff', DEFAULTS.backOff),
  ...prefixed('retry.budget', DEFAULTS.retryBudget),
  ...prefixed('timeouts', DEFAULTS.timeouts),
  ...prefixed('circuitBreaker', DEFAULTS.circuitBreaker),
  ...prefixed('fallback.redirect', DEFAULTS.fallbackRedirect),
  ...prefixed('fallback.response', DEFAULTS.fallbackResponse),
  ...prefixed('sessionPersistence.cookie', DEFAULTS.sessionCookie),
  ...prefixed('accessLog', DEFAULTS.accessLog),
};

function prefixed(path: string, members: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [`${path}.${name}`, value as unknown]));
}

/** No default in the schema: a rule asks whether they are there, or `0s` and absent mean the same. */
const ONLY_HERE = [
  ...['path', 'method', 'expectedStatuses'].map((name) => `healthCheck.active.${name}`),
  'loadBalancer.consistentHash.tableSize',
];
const OFF = [
  'retry.perTryTimeout',
  'timeouts.request',
  'loadBalancer.consistentHash.hashOn.cookie.ttl',
  'sessionPersistence.cookie.ttl',
];

for (const [path, value] of Object.entries(FIELDS)) {
  test(`${path}: ${JSON.stringify(value)}`, () => {
    const schema = at(path);
    if (OFF.includes(path)) assert.match(schema.description ?? '', /Absent or `0s`/);
    else if (!ONLY_HERE.includes(path)) assert.deepEqual(schema.default, value);
    if (OFF.includes(path) || ONLY_HERE.includes(path)) assert.equal(schema.default, undefined);
  });
}

test('descriptions state the defaults', () => {
  const untold = Object.entries(FIELDS).filter(([path, value]) => {
    const words = at(path).description ?? '';
    const texts = Array.isArray(value) ? (value as string[]) : [String(value)];
    return !OFF.includes(path) && !(/default/i.test(words) && texts.every((text) => words.includes(text)));
  });
  assert.deepEqual(untold, []);
});

test('the schema has no default that is missing here', () => {
  const inSchema: string[] = [];
  const walk = (schema: Schema, path: string): void => {
    if (schema.default !== undefined && schema.properties === undefined) inSchema.push(path.slice(1));
    for (const [name, member] of Object.entries(schema.properties ?? {})) walk(member, `${path}.${name}`);
    if (schema.items) walk(schema.items, `${path}.[]`);
  };
  walk(crd.spec.versions[0]?.schema.openAPIV3Schema.properties?.['spec'] ?? {}, '');
  assert.deepEqual(
    inSchema.sort(),
    Object.keys(FIELDS)
      .filter((path) => !OFF.includes(path) && !ONLY_HERE.includes(path))
      .sort(),
  );
});

test('an object with a default repeats the defaults of its members, as the API server requires', () => {
  const { properties } = crd.spec.versions[0]?.schema.openAPIV3Schema.properties?.['spec'] ?? {};
  for (const schema of [
    properties?.['proxies'],
    properties?.['loadBalancer'],
    at('loadBalancer.consistentHash.hashOn'),
    at('retry.backOff'),
  ]) {
    const members = Object.entries(schema?.properties ?? {}).filter(([, member]) => member.default !== undefined);
    assert.deepEqual(schema?.default, Object.fromEntries(members.map(([name, member]) => [name, member.default])));
  }
});
