import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer } from './coalesce.ts';
import { fakeClock } from './testing.ts';

test('the first change fires at once, later ones at most once every interval, and the last is never lost', () => {
  const clock = fakeClock();
  const fired: { at: number; changedAt: number }[] = [];
  const coalescer = createCoalescer(100, (changedAt) => fired.push({ at: clock.now(), changedAt }), clock);
  coalescer.trigger();
  coalescer.trigger();
  clock.advance(0);
  assert.deepEqual(fired, [{ at: 0, changedAt: 0 }]);
  clock.advance(30);
  coalescer.trigger();
  clock.advance(20);
  coalescer.trigger();
  clock.advance(49);
  assert.equal(fired.length, 1);
  clock.advance(1);
  assert.deepEqual(fired[1], { at: 100, changedAt: 30 });
  clock.advance(1000);
  assert.equal(fired.length, 2);
  coalescer.trigger();
  clock.advance(0);
  assert.deepEqual(fired[2], { at: 1100, changedAt: 1100 });
});

test('after a pause a change fires at once again, and a stopped coalescer does not fire', () => {
  const clock = fakeClock();
  let fired = 0;
  const coalescer = createCoalescer(100, () => (fired += 1), clock);
  coalescer.trigger();
  clock.advance(0);
  coalescer.trigger();
  coalescer.stop();
  clock.advance(1000);
  assert.equal(fired, 1);
});

test('a change made while firing is not lost', () => {
  const clock = fakeClock();
  const fired: number[] = [];
  const coalescer = createCoalescer(
    100,
    () => {
      fired.push(clock.now());
      if (fired.length === 1) coalescer.trigger();
    },
    clock,
  );
  coalescer.trigger();
  clock.advance(500);
  assert.deepEqual(fired, [0, 100]);
});

test('flush fires a pending change, once', () => {
  const clock = fakeClock();
  const fired: number[] = [];
  const coalescer = createCoalescer(100, (changedAt) => fired.push(changedAt), clock);
  coalescer.flush();
  assert.deepEqual(fired, []);
  coalescer.trigger();
  clock.advance(10);
  coalescer.trigger();
  coalescer.flush();
  assert.deepEqual(fired, [0, 10]);
  clock.advance(1000);
  assert.deepEqual(fired, [0, 10]);
});
