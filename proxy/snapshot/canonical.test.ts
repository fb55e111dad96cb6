import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalJson, digest, snapshotDigest } from './canonical.ts';

test('members are sorted, spaces and undefined members are dropped', () => {
  assert.equal(canonicalJson({ b: [1, { d: null, c: 'é' }], a: undefined, '': true }), '{"":true,"b":[1,{"c":"é","d":null}]}');
});

test('the digest is SHA-256 in hex and does not depend on the order of members', () => {
  assert.equal(digest({}), '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a');
  assert.equal(digest({ a: 1, b: 2 }), digest({ b: 2, a: 1 }));
  assert.notEqual(digest({ a: 1 }), digest({ a: 2 }));
});

test('parts are not part of a snapshot digest, everything else is', () => {
  const snapshot = { version: { epoch: 1, sequence: 1 }, trustedKeys: ['k'], listeners: [], pools: [], parts: {} };
  const same = { ...snapshot, parts: { ab: {} } } as unknown as typeof snapshot;
  assert.equal(snapshotDigest(same), snapshotDigest(snapshot));
  assert.notEqual(snapshotDigest({ ...snapshot, version: { epoch: 1, sequence: 2 } }), snapshotDigest(snapshot));
});

test('values that JSON cannot represent, and deep nesting, throw a TypeError', () => {
  let deep: unknown = 1;
  for (let i = 0; i < 100_000; i++) deep = [deep];
  for (const bad of [deep, Number.NaN, Infinity, undefined, () => 1, 1n, [undefined]])
    assert.throws(() => canonicalJson(bad), TypeError);
});

test('canonical JSON parses back to the same value and is a fixed point', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      const text = canonicalJson(value);
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
      assert.equal(canonicalJson(JSON.parse(text)), text);
    }),
  );
});
