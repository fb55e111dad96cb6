import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStallDetector } from './stall-detector.ts';

test('a stop is detected by either clock, at once, and stays reported until it is cleared', (context) => {
  context.mock.timers.enable({ apis: ['setInterval'] });
  const now = { monotonic: 0, unix: 1_795_305_600_000 };
  const advance = (monotonic: number, unix = monotonic): void =>
    void Object.assign(now, { monotonic: now.monotonic + monotonic, unix: now.unix + unix });
  const watch = createStallDetector(2000, () => ({ ...now }));
  for (let i = 0; i < 20; i += 1) {
    advance(500);
    context.mock.timers.tick(500);
  }
  assert.equal(watch.stalled, false);
  advance(2001);
  assert.equal(watch.stalled, true, 'before any timer');
  advance(10);
  assert.equal(watch.stalled, true);
  watch.clear();
  assert.equal(watch.stalled, false);
  advance(5, 60_000);
  context.mock.timers.tick(500);
  assert.equal(watch.stalled, true, 'the machine was suspended');
  watch.clear();
  advance(5, -60_000);
  assert.equal(watch.stalled, false, 'a clock that is set back is not a stop');
  watch.stop();
});
