import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '../api/kubernetes.ts';
import { createMetadataValues } from './metadata-values.ts';

const node = (name: string, zone?: string): KubernetesObject => ({
  metadata: {
    name,
    uid: name,
    resourceVersion: '1',
    creationTimestamp: 'x',
    labels: zone === undefined ? {} : { 'topology.kubernetes.io/zone': zone },
  },
});

function zones() {
  let changes = 0;
  const store = createMetadataValues(
    ({ labels }) => labels?.['topology.kubernetes.io/zone'] || undefined,
    () => (changes += 1),
  );
  return { store, changes: () => changes };
}

test('knows the value of objects that have one; only a changed value is a change', () => {
  const { store, changes } = zones();
  assert.equal(store.synced, false);
  store.onReplace([node('n1', 'a'), node('n2'), node('n3', '')]);
  assert.ok(store.synced);
  const before = store.view();
  assert.deepEqual([...before], [['n1', 'a']]);
  store.onReplace([node('n1', 'a'), node('n2')]);
  store.onUpsert(node('n1', 'a'));
  store.onUpsert(node('n2'));
  store.onDelete(node('n2'));
  assert.equal(changes(), 1);
  assert.equal(store.view(), before);

  store.onUpsert(node('n2', 'b'));
  store.onUpsert(node('n1', 'b'));
  assert.deepEqual(Object.fromEntries(store.view()), { n1: 'b', n2: 'b' });
  store.onDelete(node('n1'));
  store.onUpsert(node('n2'));
  assert.deepEqual([[...store.view()], changes()], [[], 5]);
  assert.deepEqual([...before], [['n1', 'a']], 'what was handed out does not change');
});

test('a first listing is a change even when it is empty', () => {
  const { store, changes } = zones();
  store.onReplace([]);
  store.onReplace([]);
  assert.equal(changes(), 1);
});

test('a listing removes what is not in it', () => {
  const { store, changes } = zones();
  store.onReplace([node('n1', 'a'), node('n2', 'b')]);
  store.onReplace([node('n2', 'b')]);
  assert.deepEqual([[...store.view()], changes()], [[['n2', 'b']], 2]);
});
