import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Endpoint, LoadBalancer } from '../../proxy/snapshot/types.ts';
import { endpoint } from '../../proxy/snapshot/testing.ts';
import { service } from './testing.ts';
import { ignoredTopology, keepUsefulHints, readHints } from './topology.ts';

const PLAIN: LoadBalancer = { type: 'LeastRequest' };
const places = (...names: string[]) => names.map((name) => ({ name }));

test('hints of an entry: names that no proxy would take, and more than Kubernetes allows, are left out', () => {
  const read = (hints: unknown) => readHints({ addresses: [], hints: hints as null });
  for (const nothing of [undefined, null, {}, { forZones: null }, { forZones: [], forNodes: places('', 'n'.repeat(254)) }])
    assert.deepEqual(read(nothing), {}, JSON.stringify(nothing));
  assert.deepEqual(read({ forZones: places('a', '', 'b') }), { hints: { zones: ['a', 'b'] } });
  const many = Array.from({ length: 9 }, (_, i) => `n${i}`);
  assert.deepEqual(read({ forNodes: places(...many), forZones: places('a') }), {
    hints: { zones: ['a'], nodes: many.slice(0, 8) },
  });
});

test('without hints the endpoints are the same list; with useless ones they lose them', () => {
  const bare = [endpoint(1), endpoint(2)];
  assert.equal(keepUsefulHints(bare, PLAIN), bare);
  const hinted = [endpoint(1, { hints: { zones: ['a'] } }), endpoint(2)];
  assert.deepEqual(keepUsefulHints(hinted, PLAIN), bare);
});

test('the same endpoints give the same bytes with and without hints that no proxy follows', () => {
  const hinted: Endpoint[] = [1, 2].map((n) => endpoint(n, { hints: { zones: ['a'], nodes: ['n1'] } }));
  assert.deepEqual(keepUsefulHints(hinted, PLAIN), hinted);
  const zoneAware: LoadBalancer = { ...PLAIN, zoneAware: { minEndpoints: 1 } };
  assert.equal(JSON.stringify(keepUsefulHints(hinted, zoneAware)), JSON.stringify([endpoint(1), endpoint(2)]));
  const draining = hinted.map((e) => ({ ...e, state: 'draining' as const }));
  assert.ok(keepUsefulHints(draining, PLAIN).every(({ hints }) => hints === undefined));
});

test('no note where hints are followed, or where there is nothing to ignore', () => {
  const hash: LoadBalancer = {
    type: 'ConsistentHash',
    consistentHash: { algorithm: 'Rendezvous', hashOn: { type: 'SourceIP' } },
  };
  const hinted = [endpoint(1, { hints: { zones: ['a'] } })];
  assert.deepEqual(ignoredTopology(service('echo'), hinted, PLAIN), []);
  assert.deepEqual(ignoredTopology(service('echo'), [endpoint(1)], hash), []);
  assert.deepEqual(ignoredTopology(service('echo'), [], hash), []);
  assert.equal(ignoredTopology(service('echo'), hinted, hash).length, 1);
});
