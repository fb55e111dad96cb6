import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Exchange } from '../message/exchange.ts';
import { CircuitBreaker } from '../resilience/circuit-breaker.ts';
import { waitForCapacity } from './pending-queue.ts';

test('a client that leaves after its patience ended, or after it was served, is not taken out of the line twice', async () => {
  const gate = new CircuitBreaker();
  gate.configure({ maxRequests: 0, maxPending: 9 });
  const leave: (() => void)[] = [];
  const x = { onGone: (listener: () => void) => void leave.push(listener) } as unknown as Exchange;
  const want = { admitted: false, needsSpecificEndpoint: false, tryStart: () => true };
  assert.equal(await waitForCapacity(gate, x, 1, want), 'timed-out');
  const served = waitForCapacity(gate, x, 60_000, want);
  gate.configure({ maxRequests: 1, maxPending: 9 });
  assert.equal(await served, 'served');
  const last = waitForCapacity(gate, x, 60_000, want);
  for (const listener of leave.slice(0, 2)) listener();
  assert.equal(gate.pending, 1);
  gate.release();
  assert.equal(await last, 'served');
  assert.equal(gate.pending, 0);
});
