import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Balancer } from './balancer.ts';
import { LeastConnections } from './least-connections.ts';
import { assertNear, seeded, sequence, shares, weighted } from './testing.ts';

describe('LeastConnections', () => {
  const begin = (b: Balancer, at: Record<number, number>) =>
    Object.entries(at).forEach(([i, n]) => {
      for (let k = 0; k < n; k++) b.begin(Number(i));
    });

  test('of equal weights, always takes the exact least', () => {
    const b = new LeastConnections(0);
    const v = weighted({ a: 2, b: 2, c: 2 });
    b.update(v);
    begin(b, { 0: 2, 1: 4, 2: 1 });
    assert.equal(sequence(b, v, 4), 'c c c c');
    begin(b, { 0: 1, 2: 4 });
    assert.equal(sequence(b, v, 4), 'a a a a');
  });

  test('of unequal weights, endpoints take turns while they hold no more than their fair share', () => {
    const b = new LeastConnections(0);
    const v = weighted({ a: 3, b: 1, c: 1 });
    b.update(v);
    begin(b, { 1: 1 });
    assertNear(shares(b, v, 10), [0.6, 0.2, 0.2], 1e-9);
  });

  test('an endpoint that holds more is passed over, and the others share its turns by weight', () => {
    const b = new LeastConnections(0);
    const v = weighted({ a: 3, b: 1, c: 2 });
    b.update(v);
    begin(b, { 0: 6, 1: 6, 2: 3 });
    // Of 16 requests, the fair share of b is 2.7.
    assertNear(shares(b, v, 600), [0.6, 0, 0.4], 0.02);
  });

  test('beside a slow endpoint, a little more weight does not attract all that it leaves', () => {
    for (const weights of [
      [100, 51, 50, 50, 50],
      [10, 2, 1, 1, 1, 1, 1, 1, 1, 1],
    ]) {
      const b = new LeastConnections(0);
      const v = weights.map((weight, i) => ({ id: `e${i}`, weight }));
      b.update(v);
      begin(b, { 0: 100 });
      const rest = weights.slice(1).reduce((sum, weight) => sum + weight, 0);
      assertNear(shares(b, v, 2000), [0, ...weights.slice(1).map((weight) => weight / rest)], 0.03);
    }
  });

  test('with more slow endpoints than turns of one pick, the least loaded for its weight takes the request', () => {
    const b = new LeastConnections(0);
    const v = [1, 1.1, 1.2, 1.3, 1.4, 1.5, 2].map((weight, i) => ({ id: `e${i}`, weight }));
    b.update(v);
    begin(b, { 0: 900, 1: 900, 2: 900, 3: 900, 4: 900, 5: 900 });
    assert.deepEqual(new Set(sequence(b, v, 100).split(' ')), new Set(['e6']));
  });

  test('a slow endpoint saves up no turns', () => {
    const b = new LeastConnections(0);
    const v = weighted({ slow: 1, b: 3, c: 1 });
    b.update(v);
    const stuck = Array.from({ length: 30 }, () => b.begin(0));
    const slow = (n: number) => (shares(b, v, n)[0] as number) * n;
    assert.equal(slow(1000), 0);
    for (const h of stuck) b.end(h, true, 1000, 0);
    assert.ok(Math.abs(slow(50) - 10) <= 1);
  });

  test('turns stay with their endpoints over an update', () => {
    const b = new LeastConnections(0);
    const v = weighted({ a: 5, b: 1, c: 1 });
    b.update(v);
    const before = sequence(b, v, 3);
    const moved = weighted({ c: 1, b: 1, a: 5 });
    b.update(moved);
    const all = `${before} ${sequence(b, moved, 4)}`.split(' ').sort().join(' ');
    assert.equal(all, 'a a a a a b c');
  });

  test('an idle backend rotates from a seeded start, least recently used first', () => {
    const b = new LeastConnections(1);
    const v = weighted({ a: 1, b: 1, c: 1 });
    b.update(v);
    assert.equal(sequence(b, v, 5), 'b c a b c');
  });

  test('counts requests in flight over updates and releases them by handle', () => {
    const b = new LeastConnections(0);
    b.update(weighted({ a: 1, b: 1 }));
    const h = b.begin(0);
    const moved = weighted({ b: 1, a: 1 });
    b.update(moved);
    assert.equal(sequence(b, moved, 3), 'b b b');
    b.end(h, true, 1, 1);
    assert.equal(sequence(b, moved, 1), 'a');
  });

  test('with long requests, requests in flight follow the weights', () => {
    const b = new LeastConnections(3);
    const v = weighted({ a: 1, b: 2, c: 5 });
    b.update(v);
    const active = [0, 0, 0];
    for (let k = 0; k < 80; k++) {
      const i = b.pick({ tried: [], now: 0, random: seeded(1) });
      b.begin(i);
      active[i] = (active[i] ?? 0) + 1;
    }
    assertNear(active, [10, 20, 50], 2);
  });
});
