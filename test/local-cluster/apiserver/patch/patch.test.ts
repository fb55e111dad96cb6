import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { builtInFields } from '../fields.ts';
import type { Json, JsonObject } from '../json.ts';
import { claimed, compare, decode, encode, printable } from '../managedfields.ts';
import { dropAbandoned, mergeConfig } from './apply.ts';
import { JsonPatchError, jsonPatch } from './json.ts';
import { mergePatch } from './merge.ts';
import { strategicMerge } from './strategic.ts';

describe('merge patch', () => {
  // The examples of RFC 7386, appendix A: [original, patch, result].
  const examples: [Json, Json, Json][] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ];
  for (const [original, patch, result] of examples) {
    it(`${JSON.stringify(original)} with ${JSON.stringify(patch)}`, () => assert.deepEqual(mergePatch(original, patch), result));
  }

  it('changes neither argument, and the second time nothing', () => {
    const json = fc.jsonValue({ noUnicodeString: true, maxDepth: 3 }) as fc.Arbitrary<Json>;
    fc.assert(
      fc.property(json, json, (original, patch) => {
        const before = JSON.stringify([original, patch]);
        const once = mergePatch(original, patch);
        assert.equal(JSON.stringify([original, patch]), before);
        assert.deepEqual(mergePatch(once, patch), once);
      }),
      { numRuns: 50 },
    );
  });
});

describe('JSON patch', () => {
  const apply = (document: Json, ...operations: Json[]): Json => jsonPatch(document, operations);

  it('adds, removes, replaces, moves, copies', () => {
    assert.deepEqual(apply({ a: [1, 3] }, { op: 'add', path: '/a/1', value: 2 }), { a: [1, 2, 3] });
    assert.deepEqual(apply({ a: [1] }, { op: 'add', path: '/a/-', value: 2 }), { a: [1, 2] });
    assert.deepEqual(apply({ a: [1, 2] }, { op: 'remove', path: '/a/0' }), { a: [2] });
    assert.deepEqual(apply({ a: 1 }, { op: 'replace', path: '/a', value: { b: 2 } }), { a: { b: 2 } });
    assert.deepEqual(apply({ a: 1 }, { op: 'move', from: '/a', path: '/b' }), { b: 1 });
    assert.deepEqual(apply({ a: { x: 1 } }, { op: 'copy', from: '/a', path: '/b' }), { a: { x: 1 }, b: { x: 1 } });
    assert.deepEqual(apply({ 'a/b': { 'c~d': 1 } }, { op: 'remove', path: '/a~1b/c~0d' }), { 'a/b': {} });
    assert.deepEqual(apply({ a: 1 }, { op: 'replace', path: '', value: [] }), []);
  });

  it('fails at an operation that cannot be applied', () => {
    const wrong: Json[] = [
      { op: 'test', path: '/a', value: 2 },
      { op: 'remove', path: '/none' },
      { op: 'replace', path: '/none', value: 1 },
      { op: 'add', path: '/list/9', value: 1 },
      { op: 'add', path: '/list/01', value: 1 },
      { op: 'add', path: 'a', value: 1 },
      { op: 'add', path: '/x' },
      { op: 'spin', path: '/a' },
      'nothing',
    ];
    for (const operation of wrong) {
      assert.throws(() => apply({ a: 1, list: [] }, operation), JsonPatchError, JSON.stringify(operation));
    }
    assert.deepEqual(apply({ a: 1 }, { op: 'test', path: '/a', value: 1 }), { a: 1 });
  });
});

describe('strategic merge patch', () => {
  const pod = builtInFields('Pod');
  const containers = (...list: JsonObject[]): JsonObject => ({ spec: { containers: list } });

  it('merges keyed lists by item and replaces the others', () => {
    const merged = strategicMerge(
      containers({ name: 'a', args: ['1'], env: [{ name: 'X', value: '1' }] }, { name: 'b' }),
      {
        ...containers({ name: 'a', args: ['2'], env: [{ name: 'Y', value: '2' }] }),
        $setElementOrder: [],
      },
      pod,
    );
    const env = [
      { name: 'X', value: '1' },
      { name: 'Y', value: '2' },
    ];
    assert.deepEqual(merged['spec'], { containers: [{ name: 'a', args: ['2'], env }, { name: 'b' }] });
  });

  it('applies directives', () => {
    const two = containers({ name: 'a' }, { name: 'b' });
    assert.deepEqual(strategicMerge(two, containers({ name: 'a', $patch: 'delete' }), pod), containers({ name: 'b' }));
    assert.deepEqual(strategicMerge(two, containers({ $patch: 'replace' }, { name: 'c' }), pod), containers({ name: 'c' }));
    assert.deepEqual(strategicMerge({ a: { x: 1 } }, { a: { $patch: 'replace', y: 2 } }, pod), { a: { y: 2 } });
    assert.deepEqual(strategicMerge({ a: { x: 1, y: 1 } }, { a: { $retainKeys: ['y'], y: 2 } }, pod), { a: { y: 2 } });
    const finalizers = { metadata: { finalizers: ['a', 'b'] } };
    assert.deepEqual(strategicMerge(finalizers, { metadata: { '$deleteFromPrimitiveList/finalizers': ['a'] } }, pod), {
      metadata: { finalizers: ['b'] },
    });
    assert.deepEqual(strategicMerge(finalizers, { metadata: { finalizers: ['c'] } }, pod), {
      metadata: { finalizers: ['a', 'b', 'c'] },
    });
    assert.deepEqual(strategicMerge({ a: 1 }, { a: null }, pod), {});
  });
});

describe('field ownership', () => {
  const service = builtInFields('Service');

  it('is encoded as FieldsV1 and decoded', () => {
    const config = {
      spec: { selector: { a: 'b' }, ports: [{ port: 80, name: 'x' }] },
      metadata: { labels: { l: '1' }, finalizers: ['f'] },
    };
    const set = claimed(config, service);
    assert.deepEqual(encode(set), {
      'f:metadata': { 'f:finalizers': { 'v:"f"': {} }, 'f:labels': { 'f:l': {} } },
      'f:spec': { 'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:name': {}, 'f:port': {} } }, 'f:selector': {} },
    });
    assert.deepEqual(decode(encode(set)), set);
    const paths = [...set].map(printable);
    assert.ok(paths.includes('.spec.ports[port=80,protocol="TCP"].name'));
    assert.ok(paths.includes('.metadata.finalizers[="f"]'));
  });

  it('finds what appears, changes and disappears', () => {
    const before = { data: { a: '1', b: '1' } };
    const { added, modified, removed } = compare(before, { data: { b: '2', c: '1' } }, service);
    assert.deepEqual(
      [added, modified, removed].map((set) => [...set].map(printable)),
      [['.data.c'], ['.data.b'], ['.data.a']],
    );
  });

  it('removes only what no manager claims any more', () => {
    const live: JsonObject = { data: { mine: '1', ours: '1' }, metadata: { labels: { old: '1' } } };
    const now = claimed({ data: {} }, service);
    const others = [claimed({ data: { ours: '1' } }, service)];
    const result = dropAbandoned(live, service, { before: claimed(live, service), now, others });
    assert.deepEqual(result, { data: { ours: '1' } });
  });

  it('merges sets and keyed lists', () => {
    const merged = mergeConfig({ metadata: { finalizers: ['a'] } }, { metadata: { finalizers: ['b', 'a'] } }, service);
    assert.deepEqual(merged, { metadata: { finalizers: ['a', 'b'] } });
  });
});
