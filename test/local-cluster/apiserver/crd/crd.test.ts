/** CustomResourceDefinitions that are refused, and the effect of accepted ones. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { asArray, at } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import type { Schema } from '../schema/types.ts';
import { TestServer } from '../testing.ts';

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const THINGS = '/apis/example.dev/v1/things';

let server: TestServer;
before(async () => (server = await TestServer.start()));
after(() => server.close());

function crd(spec: Schema, extra: JsonObject = {}): JsonObject {
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec: spec as Json } } };
  return {
    ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'things.example.dev' } },
    spec: {
      ...{ group: 'example.dev', scope: 'Cluster', names: { kind: 'Thing', plural: 'things' } },
      versions: [{ name: 'v1', served: true, storage: true, schema, ...extra }],
    },
  };
}

const AT = 'spec.versions[0].schema.openAPIV3Schema.properties[spec]';
const rule = (text: string): Schema => ({ 'x-kubernetes-validations': [{ rule: text }] });
const object = (properties: Record<string, Schema>, more: Schema = {}): Schema => ({ type: 'object', properties, ...more });

describe('a CRD is refused', () => {
  // [what is wrong, schema of spec, field, message]
  const cases: [string, Schema, string, RegExp][] = [
    ['without a type', object({ a: {} }), `${AT}.properties[a].type`, /must not be empty/],
    ['with an unknown type', object({ a: { type: 'text' } }), `${AT}.properties[a].type`, /Unsupported value/],
    ['with an array of nothing', object({ a: { type: 'array' } }), `${AT}.properties[a].items`, /must be specified/],
    [
      'with a pattern that is none',
      object({ a: { type: 'string', pattern: '(?=x)' } }),
      `${AT}.properties[a].pattern`,
      /valid regular expression/,
    ],
    [
      'with a default of another type',
      object({ a: { type: 'string', default: 1 } }),
      `${AT}.properties[a].default`,
      /must be of type string/,
    ],
    [
      'with a default that has unknown fields',
      object({ a: object({}, { default: { b: 1 } }) }),
      `${AT}.properties[a].default`,
      /unknown fields/,
    ],
    [
      'with a default that leaves its rule without the field it reads',
      object({ a: object({ type: { type: 'string', default: 'x' } }, { default: {}, ...rule("self.type == 'x'") }) }),
      `${AT}.properties[a].default`,
      /no such key: type/,
    ],
    [
      'with a rule that calls what there is not',
      object({}, rule('self.sparkle()')),
      `${AT}.x-kubernetes-validations[0].rule`,
      /no matching overload/,
    ],
    [
      'with a rule that is no question',
      object({}, rule('1 + 1')),
      `${AT}.x-kubernetes-validations[0].rule`,
      /must evaluate to a bool/,
    ],
    ['with a rule that is not CEL', object({}, rule('self.a +')), `${AT}.x-kubernetes-validations[0].rule`, /compilation failed/],
    [
      'with a rule on a field there is not',
      object({ a: { type: 'string' } }, rule("self.b == 'x'")),
      `${AT}.x-kubernetes-validations[0].rule`,
      /undefined field 'b'/,
    ],
    [
      'with a rule on a field items have not',
      object({ l: { type: 'array', items: object({ a: { type: 'string' } }) } }, rule('self.l.all(x, has(x.b))')),
      `${AT}.x-kubernetes-validations[0].rule`,
      /undefined field 'b'/,
    ],
    [
      'with unique items',
      object({ a: { type: 'array', items: { type: 'string' }, ...{ uniqueItems: true } } }),
      `${AT}.properties[a].uniqueItems`,
      /quadratic/,
    ],
    [
      'with map keys that may be missing',
      object({
        a: {
          type: 'array',
          items: object({ k: { type: 'string' } }),
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['k'],
        },
      }),
      `${AT}.properties[a].items.properties[k].default`,
      /must have a default or be a required property/,
    ],
    [
      'with properties and additional ones',
      object({ a: { type: 'string' } }, { additionalProperties: { type: 'string' } }),
      `${AT}.additionalProperties`,
      /mutual exclusive/,
    ],
  ];
  for (const [what, schema, field, words] of cases) {
    it(what, async () => {
      const answer = await server.request('POST', CRDS, crd(schema));
      assert.equal(answer.status, 422, JSON.stringify(answer.body));
      const cause = asArray(at(answer.body, 'details', 'causes')).find((one) => at(one, 'field') === field);
      assert.match((at(cause, 'message') as string | undefined) ?? JSON.stringify(answer.body), words);
    });
  }

  it('under another name than its own', async () => {
    const named = { ...crd(object({})), metadata: { name: 'other.example.dev' } };
    const answer = await server.request('POST', CRDS, named);
    assert.match(at(answer.body, 'message') as string, /must be spec\.names\.plural\+"\."\+spec\.group/);
  });
});

describe('an accepted CRD', () => {
  it('defines a kind with its defaults, columns and scope', async () => {
    const columns = [
      { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
      { name: 'Wide', type: 'string', jsonPath: '.spec.size', priority: 1 },
    ];
    await server.createKind(crd(object({ size: { type: 'integer', default: 3 } }), { additionalPrinterColumns: columns }));
    const thing = { apiVersion: 'example.dev/v1', kind: 'Thing', metadata: { name: 't' }, spec: {} };
    const made = await server.must('POST', THINGS, thing);
    assert.deepEqual([at(made, 'spec'), at(made, 'metadata', 'namespace')], [{ size: 3 }, undefined]);
    const table = await server.must('GET', THINGS, undefined, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
    assert.deepEqual(at(asArray(table['rows'])[0], 'cells'), ['t', 3, '3']);
  });

  it('applies a new schema at once, and keeps stored values that it no longer allows', async () => {
    const schema = {
      openAPIV3Schema: { type: 'object', properties: { spec: object({ size: { type: 'integer', maximum: 2 } }) as Json } },
    };
    const versions = [{ name: 'v1', served: true, storage: true, schema }];
    const changed = await server.patch(`${CRDS}/things.example.dev`, { spec: { versions } });
    assert.equal(changed.status, 200);
    assert.equal((await server.patch(`${THINGS}/t`, { metadata: { labels: { a: 'b' } } })).status, 200);
    assert.equal((await server.patch(`${THINGS}/t`, { spec: { size: 4 } })).status, 422);
  });

  it('may have a default status, which belongs to no one, so that whoever applies the status owns all of it', async () => {
    const condition = (type: string): JsonObject => ({ type, status: 'Unknown' });
    const conditions: Schema = {
      ...{ type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] },
      items: object({ type: { type: 'string' }, status: { type: 'string' } }, { required: ['type', 'status'] }),
    };
    const status = object({ conditions }, { default: { conditions: [condition('Ready')] } });
    const schema = { openAPIV3Schema: { type: 'object', properties: { spec: object({}) as Json, status: status as Json } } };
    await server.createKind({
      ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'pending.example.dev' } },
      spec: {
        ...{ group: 'example.dev', scope: 'Cluster', names: { kind: 'Pending', plural: 'pending' } },
        versions: [{ name: 'v1', served: true, storage: true, schema, subresources: { status: {} } }],
      },
    });
    const identity = { apiVersion: 'example.dev/v1', kind: 'Pending', metadata: { name: 'p' } };
    const made = await server.must('POST', '/apis/example.dev/v1/pending', { ...identity, spec: {} });
    assert.deepEqual(at(made, 'status'), { conditions: [condition('Ready')] });
    const apply = (...types: string[]) => {
      const headers = { 'content-type': 'application/apply-patch+yaml' };
      const url = '/apis/example.dev/v1/pending/p/status?fieldManager=operator&force=true';
      return server.must('PATCH', url, { ...identity, status: { conditions: types.map(condition) } }, headers);
    };
    assert.deepEqual(at(await apply('Ready', 'Programmed'), 'status', 'conditions'), [
      condition('Ready'),
      condition('Programmed'),
    ]);
    assert.deepEqual(at(await apply('Programmed'), 'status', 'conditions'), [condition('Programmed')]);
  });

  it('serves its objects under every version', async () => {
    const { spec } = await server.must('GET', `${CRDS}/things.example.dev`);
    const [first] = asArray(at(spec, 'versions'));
    const versions = [first ?? null, { ...(first as JsonObject), name: 'v2', storage: false }];
    assert.equal((await server.patch(`${CRDS}/things.example.dev`, { spec: { versions } })).status, 200);
    assert.equal((await server.must('GET', '/apis/example.dev/v2/things/t'))['apiVersion'], 'example.dev/v2');
    assert.equal((await server.must('GET', `${THINGS}/t`))['apiVersion'], 'example.dev/v1');
  });
});
