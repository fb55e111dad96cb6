import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'node:test';
import { IdleWatch, type Watched } from './idle-timeout.ts';

interface Probe extends Watched {
  moved: number;
  idle: number;
}

function probe(idleTimeout: number, onIdle: () => void = () => undefined): Probe {
  const self: Probe = {
    idleTimeout,
    idleAt: -1,
    moved: 0,
    idle: 0,
    progress: () => self.moved,
    onIdle: () => {
      self.idle += 1;
      onIdle();
    },
  };
  return self;
}

async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 5_000;
  while (!condition() && performance.now() < end) await delay(5);
  assert.ok(condition());
}

test('entries without progress are reported once; those with progress, removed ones and those without a limit are not', async () => {
  const watch = new IdleWatch(() => performance.now());
  const [stuck, moving, removed, unlimited] = [probe(150), probe(150), probe(150), probe(0)];
  for (const each of [removed, stuck, moving, unlimited]) watch.add(each);
  watch.delete(removed);
  watch.delete(removed);
  const mover = setInterval(() => (moving.moved += 1), 10);
  await until(() => stuck.idle > 0);
  await delay(250);
  clearInterval(mover);
  assert.deepEqual([stuck.idle, moving.idle, removed.idle, unlimited.idle], [1, 0, 0, 0]);
  await until(() => moving.idle > 0);
});

test('each of many is reported, whichever are removed before, and while others are reported', async () => {
  const watch = new IdleWatch(() => performance.now());
  const all: Probe[] = [];
  // Each report removes another entry.
  for (let i = 0; i < 100; i += 1) all.push(probe(1, () => watch.delete(all[(i * 7) % 100] as Probe)));
  for (const each of all) watch.add(each);
  all.forEach((each, i) => i % 3 === 0 && watch.delete(each));
  await until(() => all.every(({ idleAt }) => idleAt === -1));
  assert.ok(all.every(({ idle }, i) => idle <= (i % 3 === 0 ? 0 : 1)));
  assert.ok(all.filter(({ idle }) => idle === 1).length > 20);
});
