import assert from 'node:assert/strict';
import test from 'node:test';
import { Scope } from './cleanup.ts';

test('everything is undone once, the last first, one after the other, also what comes late', async () => {
  const scope = new Scope();
  const undone: string[] = [];
  const slowly = (name: string) => async () => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    undone.push(name);
  };
  scope.defer(slowly('folder'));
  scope.defer(slowly('process in the folder'));
  assert.equal(scope.over, false);
  const ends = [scope.end(), scope.end()];
  assert.equal(scope.over, true);
  scope.defer(slowly('late process'));
  await Promise.all(ends);
  await scope.end();
  assert.deepEqual(undone.toSorted(), ['folder', 'late process', 'process in the folder']);
  assert.ok(undone.indexOf('process in the folder') < undone.indexOf('folder'));
});
