import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Json, JsonObject, KubeObject } from '../json.ts';
import { checkRules } from './cel.ts';
import { ratchet } from './ratchet.ts';
import { applyDefaults, prune } from './shape.ts';
import type { Rule, Schema } from './types.ts';
import { validate } from './validate.ts';

describe('validation', () => {
  // [schema, value, error or nothing]
  const cases: [Schema, Json, string?][] = [
    [{ type: 'integer' }, 1.5, 'Invalid value: "number": f in body must be of type integer: "number"'],
    [{ type: 'number' }, 1],
    [{ type: 'object' }, [], 'Invalid value: "array": f in body must be of type object: "array"'],
    [{ type: 'string', nullable: true }, null],
    [{ type: 'string' }, null, 'Invalid value: "null": f in body must be of type string: "null"'],
    [{ type: 'integer', maximum: 5, exclusiveMaximum: true }, 5, 'Invalid value: 5: f in body should be less than 5'],
    [{ type: 'integer', minimum: 5 }, 4, 'Invalid value: 4: f in body should be greater than or equal to 5'],
    [{ type: 'integer', multipleOf: 2 }, 3, 'Invalid value: 3: f in body should be a multiple of 2'],
    // A whole number is compared with the bound without its fraction, another one with the bound itself.
    [{ type: 'number', minimum: 0.1 }, 0],
    [{ type: 'number', minimum: 0.1 }, -1, 'Invalid value: -1: f in body should be greater than or equal to 0'],
    [{ type: 'number', minimum: 0.1 }, 0.05, 'Invalid value: 0.05: f in body should be greater than or equal to 0.1'],
    [{ type: 'number', minimum: 0.1, exclusiveMinimum: true }, 0, 'Invalid value: 0: f in body should be greater than 0'],
    [{ type: 'number', minimum: 0.1, exclusiveMinimum: true }, 0.1, 'Invalid value: 0.1: f in body should be greater than 0.1'],
    [{ type: 'number', minimum: -1.5 }, -1],
    [{ type: 'number', minimum: -1.5 }, -2, 'Invalid value: -2: f in body should be greater than or equal to -1'],
    [{ type: 'number', maximum: -0.5 }, 0],
    [{ type: 'number', maximum: -0.5 }, 1, 'Invalid value: 1: f in body should be less than or equal to 0'],
    [{ type: 'number', maximum: -0.5 }, -0.4, 'Invalid value: -0.4: f in body should be less than or equal to -0.5'],
    [{ type: 'number', maximum: -0.5, exclusiveMaximum: true }, 0, 'Invalid value: 0: f in body should be less than 0'],
    [{ type: 'number', maximum: 2.9 }, 3, 'Invalid value: 3: f in body should be less than or equal to 2'],
    [{ type: 'number', multipleOf: 2.5 }, 4],
    [{ type: 'number', multipleOf: 2.5 }, 5, 'Invalid value: 5: f in body should be a multiple of 2'],
    [{ type: 'number', multipleOf: 0.5 }, 1, 'Invalid value: 1: f in body should be a multiple of 0'],
    [{ type: 'number', multipleOf: 3.1 }, 9.3],
    [{ type: 'number', multipleOf: 0.1 }, 9.34, 'Invalid value: 9.34: f in body should be a multiple of 0.1'],
    [{ type: 'number', multipleOf: 0.5 }, 1e-12, 'Invalid value: 1e-12: f in body should be a multiple of 0.5'],
    [{ type: 'integer' }, -(2 ** 63)],
    [{ type: 'integer' }, 2 ** 63, 'Invalid value: "number": f in body must be of type integer: "number"'],
    [{ type: 'number' }, 2 ** 63],
    [{ type: 'integer', format: 'int32' }, 2 ** 31, 'Invalid value: 2147483648: f in body must be of type int32: 2147483648'],
    [{ type: 'string', maxLength: 2 }, 'abc', 'Too long: may not be more than 2 bytes'],
    [{ type: 'string', minLength: 1 }, '', 'Invalid value: "": f in body should be at least 1 chars long'],
    [{ type: 'string', minLength: 1, pattern: '^a+$' }, '', 'Invalid value: "": f in body should be at least 1 chars long'],
    [{ type: 'string', maxLength: 1, pattern: '^a+$' }, 'bb', 'Too long: may not be more than 1 bytes'],
    [{ type: 'string', pattern: '^a+$' }, 'b', 'Invalid value: "b": f in body should match \'^a+$\''],
    [{ type: 'string', format: 'date-time' }, 'today', 'Invalid value: "today": f in body must be of type date-time: "today"'],
    [{ type: 'string', format: 'date-time' }, '2026-01-01T00:00:00.5Z'],
    [{ type: 'string', format: 'unheard-of' }, 'x'],
    [{ type: 'array', maxItems: 1, items: { type: 'string' } }, ['a', 'b'], 'Too many: 2: must have at most 1 items'],
    [{ type: 'object', minProperties: 1 }, {}, 'Invalid value: 0: f in body should have at least 1 properties'],
    [{ type: 'object', additionalProperties: { type: 'string' } }, { a: 'b' }],
    [{ 'x-kubernetes-int-or-string': true }, '50%'],
    [
      { 'x-kubernetes-int-or-string': true },
      true,
      'Invalid value: "boolean": f in body must be of type integer,string: "boolean"',
    ],
    [{ type: 'string', enum: ['a', 'b'] }, 'c', 'Unsupported value: "c": supported values: "a", "b"'],
    [
      { type: 'integer', anyOf: [{ minimum: 5 }, { maximum: 1 }] },
      3,
      'Invalid value: "": "f" must validate at least one schema (anyOf)',
    ],
    [
      { type: 'integer', oneOf: [{ minimum: 1 }, { minimum: 2 }] },
      3,
      'Invalid value: "": "f" must validate one and only one schema (oneOf)',
    ],
    [{ type: 'integer', not: { minimum: 1 } }, 3, 'Invalid value: "": "f" must not validate the schema (not)'],
    [{ type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' }, ['a', 'a'], 'Duplicate value: "a"'],
  ];
  for (const [schema, value, error] of cases) {
    it(`${JSON.stringify(value)} against ${JSON.stringify(schema)}`, () => {
      const found = validate(value, schema, 'f').map(({ message }) => message);
      assert.deepEqual(found, error === undefined ? [] : [error]);
    });
  }

  it('collects every error, each with its path', () => {
    const item: Schema = { type: 'object', required: ['a'], properties: { a: { type: 'string' } } };
    const keyed: Schema = { type: 'array', items: item, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['a'] };
    const errors = validate({ list: [{ a: 'x' }, {}, { a: 'x' }] }, { type: 'object', properties: { list: keyed } });
    assert.deepEqual(
      errors.map(({ field, reason, message }) => [field, reason, message]),
      [
        ['list[1].a', 'FieldValueRequired', 'Required value'],
        ['list[2]', 'FieldValueDuplicate', 'Duplicate value: {"a":"x"}'],
      ],
    );
  });
});

describe('shape', () => {
  const schema: Schema = {
    type: 'object',
    properties: {
      a: { type: 'object', default: {}, properties: { n: { type: 'integer', default: 1 } } },
      list: { type: 'array', items: { type: 'object', properties: { w: { type: 'integer', default: 2 } } } },
      map: { type: 'object', additionalProperties: { type: 'object', properties: { d: { type: 'string', default: 'x' } } } },
      free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      none: { type: 'string', nullable: true },
      some: { type: 'string', default: 's' },
    },
  };

  it('sets defaults at every depth; a null counts as absent unless it is allowed', () => {
    const value: JsonObject = { list: [{}, { w: 5 }], map: { k: {} }, none: null, some: null };
    applyDefaults(value, schema);
    assert.deepEqual(value, { a: { n: 1 }, list: [{ w: 2 }, { w: 5 }], map: { k: { d: 'x' } }, none: null, some: 's' });
  });

  it('prunes unknown fields, and returns their paths', () => {
    const value: JsonObject = { kind: 'K', x: 1, list: [{ y: 1 }], map: { k: { z: 1 } }, free: { any: 1 } };
    assert.deepEqual(prune(value, schema), ['list[0].y', 'map.k.z', 'x']);
    assert.deepEqual(value, { kind: 'K', list: [{}], map: { k: {} }, free: { any: 1 } });
  });
});

describe('rules', () => {
  const properties: Record<string, Schema> = {
    n: { type: 'integer' },
    ratio: { type: 'number' },
    text: { type: 'string' },
    texts: { type: 'array', items: { type: 'string' } },
    namespace: { type: 'string' },
    at: { type: 'string', format: 'date-time' },
    list: { type: 'array', items: { type: 'object', properties: { n: { type: 'integer' } } } },
    map: { type: 'object', additionalProperties: { type: 'string' } },
  };
  const check = (rule: Rule | string, value: JsonObject, old?: JsonObject): string[] => {
    const given = typeof rule === 'string' ? { rule } : rule;
    const errors = checkRules(value, { type: 'object', properties, 'x-kubernetes-validations': [given] }, 'spec', old);
    return errors.map(({ field, message }) => `${field}: ${message}`);
  };

  // [rule, value that passes, value that fails]
  const cases: [string, JsonObject, JsonObject][] = [
    ['self.n % 2 == 0', { n: 2 }, { n: 3 }],
    ['self.ratio > 1.0', { ratio: 2 }, { ratio: 0.5 }],
    ["duration(self.text) <= duration('1m')", { text: '1s500ms' }, { text: '61s' }],
    ['has(self.n) != has(self.text)', { n: 1 }, { n: 1, text: '' }],
    ['size(self.list) < 2', { list: [{}] }, { list: [{}, {}] }],
    ['self.list.all(x, !has(x.n) || x.n > 0)', { list: [{ n: 1 }, {}] }, { list: [{ n: 0 }] }],
    ['self.list.exists(x, x.n == 1)', { list: [{ n: 1 }] }, { list: [{ n: 2 }] }],
    ['self.list.exists_one(x, x.n == 1)', { list: [{ n: 1 }] }, { list: [{ n: 1 }, { n: 1 }] }],
    ["self.text.matches('^a+$')", { text: 'aa' }, { text: 'b' }],
    ['!(self.n in [9900, 9901])', { n: 1 }, { n: 9901 }],
    ["self.__namespace__ == 'a'", { namespace: 'a' }, { namespace: 'b' }],
    ["'a' in self.map && self.map['a'] == 'x'", { map: { a: 'x' } }, { map: { a: 'y' } }],
    ["self.at > timestamp('2026-01-01T00:00:00Z')", { at: '2026-06-01T00:00:00Z' }, { at: '2025-01-01T00:00:00Z' }],
    ['isIP(self.text) || isCIDR(self.text)', { text: '10.0.0.0/8' }, { text: 'ten' }],
    ['self.texts.all(t, isCIDR(t))', { texts: ['192.168.0.1/16', '::1/128', '::/0'] }, { texts: ['192.168.0.0/33'] }],
    ['!self.texts.exists(t, isIP(t))', { texts: ['fe80::1%lo', '::ffff:1.2.3.4', '01.2.3.4', '::1/128'] }, { texts: ['::1'] }],
    [
      '!self.texts.exists(t, isCIDR(t))',
      { texts: ['::1/129', '::1', '10.0.0.0/08', '010.0.0.0/8', 'fe80::1%lo/64', '::ffff:1.2.3.4/120', '0::FFFF:102:304/120'] },
      { texts: ['::1', '::1/0'] },
    ],
  ];
  for (const [rule, good, bad] of cases) {
    it(rule, () => {
      assert.deepEqual(check(rule, good), []);
      assert.deepEqual(check(rule, bad), [`spec: Invalid value: failed rule: ${rule}`]);
    });
  }

  it('compare with the old value only where there is one', () => {
    const rule = { rule: 'self.n >= oldSelf.n', message: 'may only grow' };
    assert.deepEqual(check(rule, { n: 1 }), []);
    assert.deepEqual(check(rule, { n: 1 }, { n: 2 }), ['spec: Invalid value: may only grow']);
    assert.deepEqual(check(rule, { n: 3 }, { n: 2 }), []);
  });

  it('compute their message, and name a field', () => {
    const rule = { rule: 'false', messageExpression: "'n is ' + string(self.n)", fieldPath: '.n', reason: 'FieldValueForbidden' };
    assert.deepEqual(check(rule, { n: 7 }), ['spec.n: Forbidden: n is 7']);
    assert.deepEqual(check({ rule: 'false', messageExpression: 'self.text', message: 'm' }, {}), ['spec: Invalid value: m']);
    assert.deepEqual(check({ rule: 'false', reason: 'FieldValueRequired', message: 'm' }, {}), ['spec: Required value: m']);
  });

  it('report that they could not be evaluated', () => {
    assert.deepEqual(check({ rule: 'self.n > 1', message: 'm' }, {}), [
      'spec: Invalid value: "object": no such key: n evaluating rule: m',
    ]);
  });

  it('quote a scalar that they refuse', () => {
    const refused = (value: Json, schema: Schema): string[] =>
      checkRules(value, { ...schema, 'x-kubernetes-validations': [{ rule: 'type(self) == int', message: 'm' }] }, 'f').map(
        ({ message }) => message,
      );
    assert.deepEqual(refused('a', { type: 'string' }), ['Invalid value: "a": m']);
    assert.deepEqual(refused('80', { 'x-kubernetes-int-or-string': true }), ['Invalid value: "80": m']);
    assert.deepEqual(refused(80, { 'x-kubernetes-int-or-string': true }), []);
    assert.deepEqual(refused(['a'], { type: 'array', items: { type: 'string' } }), ['Invalid value: m']);
  });

  it('also run for items and members', () => {
    const item: Schema = { type: 'object', properties, 'x-kubernetes-validations': [{ rule: 'self.n > 0' }] };
    const schema: Schema = { type: 'object', properties: { list: { type: 'array', items: item } } };
    const errors = checkRules({ list: [{ n: 1 }, { n: 0 }] }, schema);
    assert.deepEqual(
      errors.map(({ field }) => field),
      ['list[1]'],
    );
  });
});

describe('ratcheting', () => {
  it('accepts what was invalid before and is not changed', () => {
    const schema: Schema = {
      type: 'object',
      properties: { a: { type: 'integer', maximum: 1 }, b: { type: 'integer', maximum: 1 } },
    };
    const old = { a: 5, b: 5 } as unknown as KubeObject;
    const now = { a: 5, b: 6 } as unknown as KubeObject;
    assert.deepEqual(
      ratchet(validate(now, schema), now, old).map(({ field }) => field),
      ['b'],
    );
  });
});
