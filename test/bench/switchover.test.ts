import assert from 'node:assert/strict';
import test from 'node:test';
import { Switchovers } from './switchover.ts';

test('a change lasts until the slower proxy answers from the new endpoint', () => {
  const switchovers = new Switchovers(2);
  switchovers.change(100, 'a', 'b');
  switchovers.heard(0, 'b', 110);
  assert.equal(switchovers.settled, false);
  switchovers.heard(0, 'other', 115);
  switchovers.heard(1, 'b', 130);
  switchovers.heard(0, 'b', 180);
  assert.equal(switchovers.settled, true);
  assert.deepEqual(switchovers.durations(), [30]);
});

test('an answer from the removed endpoint counts, also after later changes, until that endpoint is added again', () => {
  const switchovers = new Switchovers(1);
  switchovers.change(100, 'a', 'b');
  switchovers.heard(0, 'b', 110);
  switchovers.heard(0, 'a', 120);
  switchovers.change(200, 'b', 'c');
  switchovers.heard(0, 'c', 210);
  switchovers.heard(0, 'a', 250);
  switchovers.change(300, 'c', 'a');
  switchovers.heard(0, 'a', 305);
  switchovers.heard(0, 'a', 400);
  assert.deepEqual(switchovers.durations(), [150, 10, 5]);
});

test('a proxy that was quicker than the answer to the write took no time', () => {
  const switchovers = new Switchovers(1);
  switchovers.change(100, 'a', 'b');
  switchovers.heard(0, 'b', 100);
  assert.deepEqual(switchovers.durations(), [0]);
});
