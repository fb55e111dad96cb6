import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { IndexedHeap } from './indexed-heap.ts';

test('IndexedHeap: the first element that is not excepted, after any changes', () => {
  const size = 12;
  const change = fc.record({ i: fc.nat(size - 1), on: fc.boolean(), key: fc.nat(5) });
  const except = fc.uniqueArray(fc.nat(size - 1), { maxLength: 4 });
  fc.assert(
    fc.property(
      fc.array(fc.nat(5), { minLength: size, maxLength: size }),
      fc.array(fc.tuple(change, except)),
      (keys, changes) => {
        const present = new Set([0, 2, 4, 6, 8, 10]);
        const before = (a: number, b: number) => (keys[a] as number) < (keys[b] as number) || (keys[a] === keys[b] && a < b);
        const heap = new IndexedHeap(before);
        heap.fill(size, (i) => present.has(i));
        for (const [{ i, on, key }, out] of changes) {
          keys[i] = key;
          heap.moved(i);
          heap.set(i, on);
          if (on) present.add(i);
          else present.delete(i);
          const left = [...present].filter((p) => !out.includes(p)).sort((a, b) => (before(a, b) ? -1 : 1));
          assert.equal(heap.first(out), left[0] ?? -1);
          assert.equal(heap.size, present.size);
        }
      },
    ),
  );
});
