import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FailureWindow } from './failure-window.ts';

test('counts results within its length, and drops older ones in steps of a tenth', () => {
  const w = new FailureWindow(10_000);
  w.add(true, 500);
  w.add(false, 1500);
  assert.deepEqual([w.failed, w.total], [1, 2]);
  w.add(false, 9999);
  assert.deepEqual([w.failed, w.total], [1, 3]);
  w.add(false, 10_000);
  assert.deepEqual([w.failed, w.total], [0, 3], 'the first second is over');
  w.add(true, 100_000);
  assert.deepEqual([w.failed, w.total], [1, 1]);
  w.clear();
  assert.deepEqual([w.failed, w.total], [0, 0]);
});

test('agrees with counting one by one, at any length and rate', () => {
  const event = fc.record({ failure: fc.boolean(), wait: fc.oneof(fc.nat(50), fc.nat(5000)) });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20_000 }), fc.nat(1e9), fc.array(event, { maxLength: 60 }), (length, start, events) => {
      const w = new FailureWindow(length);
      let now = start;
      const seen: { failure: boolean; step: number }[] = [];
      for (const { failure, wait } of events) {
        now += wait;
        const step = Math.floor((now * 10) / length);
        w.add(failure, now);
        seen.push({ failure, step });
        const within = seen.filter((s) => s.step > step - 10);
        assert.deepEqual([w.failed, w.total], [within.filter((s) => s.failure).length, within.length]);
      }
    }),
  );
});
