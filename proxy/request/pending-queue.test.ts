import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Exchange } from '../message/exchange.ts';
import { CircuitBreaker } from '../resilience/circuit-breaker.ts';
import { waitForCapacity } from './pending-queue.ts';

test('a client that leaves after its wait timed out, or after it was served, is not removed from the queue again', async () => {
  const breaker = new CircuitBreaker();
  breaker.configure({ maxRequests: 0, maxPending: 9 });
  const leave: (() => void)[] = [];
  const x = { onGone: (listener: () => void) => void leave.push(listener) } as unknown as Exchange;
  const pending = { admitted: false, needsSpecificEndpoint: false, tryStart: () => true };
  assert.equal(await waitForCapacity(breaker, x, 1, pending), 'timed-out');
  const served = waitForCapacity(breaker, x, 60_000, pending);
  breaker.configure({ maxRequests: 1, maxPending: 9 });
  assert.equal(await served, 'served');
  const last = waitForCapacity(breaker, x, 60_000, pending);
  for (const listener of leave.slice(0, 2)) listener();
  assert.equal(breaker.pending, 1);
  breaker.release();
  assert.equal(await last, 'served');
  assert.equal(breaker.pending, 0);
});
