import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BackgroundWork } from './background-work.ts';

/** A task of `steps` steps, each of which advances the clock by `ms`. */
function taskOf(clock: { now: number }, steps: number, ms: number) {
  return {
    done: 0,
    step() {
      clock.now += ms;
      return ++this.done >= steps;
    },
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('tasks take turns in slices of 2 ms; other callbacks run between slices', async () => {
  const clock = { now: 0 };
  const background = new BackgroundWork(() => clock.now);
  const [a, b] = [taskOf(clock, 10, 0.5), taskOf(clock, 10, 0.5)];
  background.add(a);
  background.add(b);
  background.add(a);
  assert.equal(a.done, 0, 'not at once');
  const seen: number[] = [];
  for (let n = 0; n < 7; n++) {
    await turn();
    seen.push(a.done + b.done);
  }
  assert.deepEqual(seen, [4, 8, 12, 16, 20, 20, 20]);
  assert.equal(a.done, b.done);
});

test('a deleted task is not continued', async () => {
  const background = new BackgroundWork(() => 0);
  const task = { step: () => assert.fail('must not run') };
  background.add(task);
  background.delete(task);
  await turn();
});

test('a slice does not delay timers and immediates that are due', async () => {
  const background = new BackgroundWork(() => performance.now());
  let over = false;
  background.add({ step: () => over });
  await new Promise((resolve) => setTimeout(resolve, 5));
  over = true;
});
