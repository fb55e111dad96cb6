import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Affinity } from './affinity.ts';
import type { EndpointView } from './balancer.ts';
import { hash64 } from './hash.ts';
import { MaglevTables } from './maglev-tables.ts';
import { Maglev } from './maglev.ts';
import { equals, finishSteps, placeOf } from './testing.ts';

const LIMITS = { maxEntries: 1000, idleTimeout: 60_000, drain: 5_000 };

function affinity(view: readonly EndpointView[], limits = LIMITS): Affinity {
  const b = new Affinity(new Maglev(251, new MaglevTables()), limits);
  update(b, view, 0);
  return b;
}

function update(b: Affinity, view: readonly EndpointView[], now: number): void {
  b.update(view, now);
  finishSteps(b);
}

type Ended = 'ok' | 'failed' | 'left';

/** One request of this key with this result; returns where it went. */
function serve(b: Affinity, view: readonly EndpointView[], key: string, now = 0, ended: Ended = 'ok'): string {
  const hash = hash64(key);
  const i = b.pick({ tried: [], now, random: () => 0, hash });
  b.end(b.begin(i, hash), ended === 'left' ? undefined : ended === 'ok', 5, now);
  return view[i]?.id ?? '-';
}

const keys = Array.from({ length: 300 }, (_, k) => `key-${k}`);

describe('Affinity', () => {
  test('keys in use keep their endpoint while endpoints join and leave', () => {
    const view = equals(10);
    const b = affinity(view);
    const before = keys.map((key) => serve(b, view, key));
    for (const next of [equals(15), equals(12).slice(2), equals(30).slice(2)]) {
      update(b, next, 10);
      keys.forEach((key, k) => {
        const id = serve(b, next, key, 10);
        if (next.some((e) => e.id === before[k])) assert.equal(id, before[k]);
        else before[k] = id;
      });
    }
  });

  test('counts hits, misses and evictions; retries are not counted', () => {
    const view = equals(3);
    const b = affinity(view, { ...LIMITS, maxEntries: 2 });
    for (const key of ['a', 'a', 'b', 'c']) serve(b, view, key);
    assert.deepEqual(b.counts, { hits: 1, misses: 3, evictions: 1 });
    placeOf(b, view, 'c', [0]);
    assert.deepEqual(b.counts, { hits: 1, misses: 3, evictions: 1 });
  });

  test('the least recently used key is evicted', () => {
    const view = equals(3);
    const b = affinity(view, { ...LIMITS, maxEntries: 2 });
    for (const key of ['a', 'b', 'a', 'c', 'a']) serve(b, view, key);
    assert.deepEqual(b.counts, { hits: 2, misses: 3, evictions: 1 });
    serve(b, view, 'b');
    assert.equal(b.counts.misses, 4);
  });

  test('an idle key is dropped, which is no eviction', () => {
    const view = equals(3);
    const b = affinity(view, { ...LIMITS, maxEntries: 1 });
    serve(b, view, 'a', 0);
    serve(b, view, 'a', 60_000);
    assert.deepEqual(b.counts, { hits: 1, misses: 1, evictions: 0 });
    serve(b, view, 'b', 120_001);
    serve(b, view, 'a', 180_002);
    assert.deepEqual(b.counts, { hits: 1, misses: 3, evictions: 0 });
  });

  test('only a success on another endpoint moves a key', () => {
    const view = equals(5);
    const b = affinity(view);
    const home = serve(b, view, 'k');
    const at = view.findIndex((e) => e.id === home);
    b.setUsable(at, false);
    for (const ended of ['failed', 'left'] as const) assert.notEqual(serve(b, view, 'k', 1, ended), home);
    b.setUsable(at, true);
    assert.equal(serve(b, view, 'k', 2), home, 'nothing succeeded elsewhere');
    b.setUsable(at, false);
    const elsewhere = serve(b, view, 'k', 3);
    assert.notEqual(elsewhere, home);
    b.setUsable(at, true);
    assert.equal(serve(b, view, 'k', 4), elsewhere);
  });

  test('a draining endpoint keeps its keys for the drain time, takes no new ones, and keeps none once it is unhealthy', () => {
    const view = equals(4);
    const b = affinity(view);
    const homes = keys.map((key) => serve(b, view, key));
    const draining = view.map((e) => (e.id === 'e1' ? { ...e, state: 'draining' as const } : e));
    update(b, draining, 1000);
    b.setUsable(1, false, true);
    keys.forEach((key, k) => assert.equal(placeOf(b, draining, key, [], 5999), homes[k]));
    const fresh = keys.map((key) => serve(b, draining, `new-${key}`, 1001));
    assert.equal(fresh.includes('e1'), false);
    update(b, draining.slice(0, 3), 3000);
    b.setUsable(1, false, true);
    const own = keys.filter((_, k) => homes[k] === 'e1');
    for (const key of own) assert.equal(placeOf(b, draining, key, [], 5999), 'e1', 'an update does not begin the time anew');
    for (const key of own) assert.notEqual(placeOf(b, draining, key, [], 6000), 'e1');
    b.setUsable(1, false, false);
    for (const key of own) assert.notEqual(placeOf(b, draining, key, [], 3000), 'e1');
  });

  test('a request without a key is neither counted nor remembered', () => {
    const view = equals(3);
    const b = affinity(view);
    b.end(b.begin(b.pick({ tried: [], now: 0, random: () => 0.5 })), true, 5, 0);
    assert.deepEqual(b.counts, { hits: 0, misses: 0, evictions: 0 });
  });
});
