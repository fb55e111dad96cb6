/**
 * Numeric bounds of the CRD that have a fraction. The API server cuts the fraction off before it compares a whole number with the bound:
 * 0 passes under `minimum: 0.1`. A CEL rule beside such a bound knows the whole of it.
 */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { parse } from 'yaml';
import { asObject } from '../../test/local-cluster/apiserver/json.ts';
import type { Json, JsonObject } from '../../test/local-cluster/apiserver/json.ts';
import { TestServer } from '../../test/local-cluster/apiserver/testing.ts';
import type { Answer } from '../../test/local-cluster/apiserver/testing.ts';

const CRDS = new URL('../../crds/', import.meta.url);
const CRD = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/loadbalancerpolicies.outrigger.dev';
const COLLECTION = '/apis/outrigger.dev/v1alpha1/namespaces/default/loadbalancerpolicies';
const BOUNDS = ['minimum', 'maximum', 'multipleOf'];

type Node = Readonly<Record<string, unknown>>;

/** `path.minimum: 0.1` for every such bound, at any depth and in any keyword, whose number no rule of the same schema names. */
function unruledBounds(node: unknown, path = ''): string[] {
  if (typeof node !== 'object' || node === null) return [];
  const { 'x-kubernetes-validations': rules = [] } = node as Node;
  const text = (rules as readonly { rule: string }[]).map(({ rule }) => rule).join('\n');
  const here = BOUNDS.map((name) => [name, (node as Node)[name]] as const)
    .filter(([, bound]) => typeof bound === 'number' && !Number.isInteger(bound) && !text.includes(String(bound)))
    .map(([name, bound]) => `${path}.${name}: ${String(bound)}`);
  return [...here, ...Object.entries(node).flatMap(([name, child]) => unruledBounds(child, `${path}.${name}`))];
}

describe('a bound with a fraction has a rule', async () => {
  for (const file of (await readdir(CRDS)).filter((name) => name.endsWith('.yaml'))) {
    test(file, async () => assert.deepEqual(unruledBounds(parse(await readFile(new URL(file, CRDS), 'utf8'))), []));
  }

  test('one without is found wherever it is', () => {
    const half = { type: 'number', maximum: 0.5 };
    const rule = (text: string): object => ({ ...half, 'x-kubernetes-validations': [{ rule: text }] });
    const schema = {
      properties: { a: half, b: rule('self <= 0.5'), c: rule('self <= 0.4'), d: { minimum: 1, multipleOf: 2, maximum: -3 } },
      items: { minimum: -0.5 },
      additionalProperties: { properties: { e: { multipleOf: 2.5 } } },
      anyOf: [{ minimum: 1 }, half],
    };
    assert.deepEqual(unruledBounds(schema), [
      '.properties.a.maximum: 0.5',
      '.properties.c.maximum: 0.5',
      '.items.minimum: -0.5',
      '.additionalProperties.properties.e.multipleOf: 2.5',
      '.anyOf.1.maximum: 0.5',
    ]);
  });
});

async function readCrd(): Promise<JsonObject> {
  return parse(await readFile(new URL('loadbalancerpolicies.yaml', CRDS), 'utf8')) as JsonObject;
}

/** The CRD as if its bounds had no rules: the schema alone. */
async function withoutRules(): Promise<JsonObject> {
  const text = JSON.stringify(await readCrd(), (key, value: Json) => (key === 'x-kubernetes-validations' ? undefined : value));
  return JSON.parse(text) as JsonObject;
}

async function serve(context: TestContext, crd: JsonObject): Promise<TestServer> {
  const api = await TestServer.start();
  context.after(() => api.close());
  await api.createKind(crd);
  return api;
}

const slowStart = (given: JsonObject): JsonObject => ({ loadBalancer: { slowStart: given } });

function create(api: TestServer, name: string, aggression: number): Promise<Answer> {
  const backendRefs = [{ name: 'echo', port: 80 }];
  const spec = { listener: { port: 8080 }, backendRefs, ...slowStart({ window: '10s', aggression }) };
  const kind = { apiVersion: 'outrigger.dev/v1alpha1', kind: 'LoadBalancerPolicy' };
  return api.request('POST', COLLECTION, { ...kind, metadata: { name }, spec });
}

describe('aggression', () => {
  test('the schema alone admits 0, the rule does not', async (context) => {
    const alone = await serve(context, await withoutRules());
    assert.equal((await create(alone, 'zero', 0)).status, 201);
    assert.equal((await create(alone, 'little', 0.09)).status, 422);
    const ruled = await serve(context, await readCrd());
    const zero = await create(ruled, 'zero', 0);
    assert.equal(zero.status, 422);
    const { details } = zero.body as { details: { causes: { field: string; message: string }[] } };
    assert.deepEqual(
      details.causes.map(({ field }) => field),
      ['spec.loadBalancer.slowStart.aggression'],
    );
    assert.match(details.causes[0]?.message ?? '', /slowStart\.aggression must be at least 0\.1; 1 is a linear rise$/);
    assert.equal((await create(ruled, 'little', 0.09)).status, 422);
    assert.equal((await create(ruled, 'enough', 0.1)).status, 201);
  });

  test('a policy stored with 0 before the rule can still be reported, and changed to another value only', async (context) => {
    const api = await serve(context, await withoutRules());
    assert.equal((await create(api, 'stored', 0)).status, 201);
    const ruled = await readCrd();
    const { resourceVersion = '' } = asObject((await api.must('GET', CRD))['metadata']);
    await api.must('PUT', CRD, { ...ruled, metadata: { ...asObject(ruled['metadata']), resourceVersion } });
    const condition = { type: 'Accepted', status: 'False', reason: 'UnsupportedValue', message: 'x' };
    const status = { conditions: [{ ...condition, lastTransitionTime: '2026-01-01T00:00:00Z' }] };
    assert.equal((await api.patch(`${COLLECTION}/stored/status`, { status })).status, 200);
    const change = async (aggression: number): Promise<number> =>
      (await api.patch(`${COLLECTION}/stored`, { spec: slowStart({ aggression }) })).status;
    assert.equal(await change(-1), 422);
    assert.equal(await change(0.5), 200);
    assert.equal(await change(0), 422);
  });
});
