import assert from 'node:assert/strict';
import test from 'node:test';
import { Switchovers } from './switchover.ts';

test('the new endpoint has arrived when the slower proxy uses it', () => {
  const switchovers = new Switchovers(2);
  switchovers.begin(100, 'a', 'b');
  switchovers.recordAnswer(0, 'b', 110);
  assert.equal(switchovers.complete, false);
  switchovers.recordAnswer(0, 'other', 115);
  switchovers.recordAnswer(1, 'b', 130);
  switchovers.recordAnswer(0, 'b', 180);
  assert.equal(switchovers.complete, true);
  assert.deepEqual(switchovers.arrivals(), [30]);
  assert.deepEqual(switchovers.removals(), [0], 'no proxy used the old one any more');
});

test('a response from the removed endpoint counts, also after later changes, until that endpoint is added again', () => {
  const switchovers = new Switchovers(1);
  switchovers.begin(100, 'a', 'b');
  switchovers.recordAnswer(0, 'b', 110);
  switchovers.recordAnswer(0, 'a', 120);
  switchovers.begin(200, 'b', 'c');
  switchovers.recordAnswer(0, 'c', 210);
  switchovers.recordAnswer(0, 'b', 207);
  switchovers.recordAnswer(0, 'a', 250);
  switchovers.begin(300, 'c', 'a');
  switchovers.recordAnswer(0, 'a', 305);
  switchovers.recordAnswer(0, 'a', 400);
  assert.deepEqual(switchovers.removals(), [150, 7, 0]);
  assert.deepEqual(switchovers.arrivals(), [10, 10, 5], 'which does not delay the arrival of the new one');
});

test('a proxy that is faster than the response to the write counts as 0 ms', () => {
  const switchovers = new Switchovers(1);
  switchovers.begin(100, 'a', 'b');
  switchovers.recordAnswer(0, 'b', 99);
  assert.deepEqual(switchovers.arrivals(), [0]);
});
