import assert from 'node:assert/strict';
import test from 'node:test';
import { Cleanup } from './cleanup.ts';

test('every step runs once, the last one first, one after the other, also a step that is added late', async () => {
  const cleanup = new Cleanup();
  const undone: string[] = [];
  const slowly = (name: string) => async () => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    undone.push(name);
  };
  cleanup.defer(slowly('folder'));
  cleanup.defer(slowly('process in the folder'));
  assert.equal(cleanup.started, false);
  const runs = [cleanup.run(), cleanup.run()];
  assert.equal(cleanup.started, true);
  cleanup.defer(slowly('late process'));
  await Promise.all(runs);
  await cleanup.run();
  assert.deepEqual(undone.toSorted(), ['folder', 'late process', 'process in the folder']);
  assert.ok(undone.indexOf('process in the folder') < undone.indexOf('folder'));
});
