import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { CircuitBreaker } from './circuit-breaker.ts';
import type { PendingRequest } from './circuit-breaker.ts';

function breakerOf(maxRequests: number, maxPending: number): CircuitBreaker {
  const breaker = new CircuitBreaker();
  breaker.configure({ maxRequests, maxPending });
  return breaker;
}

/** A pending request that logs its name when it is admitted. */
function waiter(name: string, log: string[], more: Partial<PendingRequest> = {}): PendingRequest {
  return {
    admitted: false,
    needsSpecificEndpoint: false,
    tryStart: () => {
      log.push(name);
      return true;
    },
    ...more,
  };
}

describe('a circuit breaker', () => {
  test('admits up to maxRequests, then one for each that is released', () => {
    const breaker = breakerOf(2, 10);
    for (let i = 0; i < 2; i++) {
      assert.equal(breaker.hasCapacity, true);
      breaker.acquire();
    }
    assert.equal(breaker.hasCapacity, false);
    const log: string[] = [];
    assert.ok(breaker.enqueue(waiter('a', log)) && breaker.enqueue(waiter('b', log)));
    assert.equal(breaker.pending, 2);
    breaker.release();
    assert.deepEqual(log, ['a']);
    breaker.release();
    assert.deepEqual(log, ['a', 'b']);
    assert.equal(breaker.hasCapacity, false);
    breaker.release();
    assert.equal(breaker.hasCapacity, true);
  });

  test('admits in order of arrival', () => {
    const breaker = breakerOf(2, 10);
    breaker.acquire();
    // It waits for an endpoint, not for the circuit breaker.
    breaker.enqueue(waiter('a', [], { tryStart: () => false }));
    assert.equal(breaker.hasCapacity, false);
  });

  test('refuses requests when the queue is full, except admitted ones, which also go first', () => {
    const breaker = breakerOf(1, 1);
    breaker.acquire();
    const log: string[] = [];
    assert.equal(breaker.enqueue(waiter('a', log)), true);
    assert.equal(breaker.enqueue(waiter('b', log)), false);
    assert.equal(breaker.enqueue(waiter('retry', log, { admitted: true })), true);
    breaker.admitNext();
    assert.deepEqual(log, ['retry']);
    breaker.release();
    assert.deepEqual(log, ['retry', 'a']);
  });

  test('a request that needs a specific endpoint does not block those behind it; any other does', () => {
    const breaker = breakerOf(9, 9);
    const log: string[] = [];
    const fails = (name: string, specific: boolean) =>
      waiter(name, log, { needsSpecificEndpoint: specific, tryStart: () => log.push(name) < 0 });
    breaker.enqueue(fails('specific', true));
    breaker.enqueue(waiter('a', log));
    breaker.enqueue(fails('b', false));
    breaker.enqueue(waiter('c', log));
    breaker.admitNext();
    assert.deepEqual(log, ['specific', 'a', 'b']);
    assert.equal(breaker.pending, 3);
  });

  test('removes a pending request: the first, one in the middle, the last', () => {
    for (const removed of [0, 1, 2]) {
      const breaker = breakerOf(0, 9);
      const log: string[] = [];
      const queue = ['a', 'b', 'c'].map((name) => waiter(name, log));
      for (const w of queue) breaker.enqueue(w);
      breaker.remove(queue[removed] as PendingRequest);
      breaker.configure({ maxRequests: 9, maxPending: 9 });
      assert.deepEqual(
        log,
        ['a', 'b', 'c'].filter((_, i) => i !== removed),
      );
      assert.equal(breaker.pending, 0);
      assert.equal(breaker.hasCapacity, true);
    }
  });

  test('raised limits admit pending requests at once', () => {
    const breaker = breakerOf(1, 9);
    breaker.acquire();
    const log: string[] = [];
    for (const name of ['a', 'b', 'c']) breaker.enqueue(waiter(name, log));
    breaker.configure({ maxRequests: 3, maxPending: 0 });
    assert.deepEqual(log, ['a', 'b']);
    breaker.configure({ maxRequests: 1, maxPending: 0 });
    breaker.release();
    breaker.release();
    assert.deepEqual(log, ['a', 'b']);
    breaker.release();
    assert.deepEqual(log, ['a', 'b', 'c']);
  });

  test('any sequence: never more than maxRequests, no free slot while one is pending, served in order', () => {
    const steps = fc.array(fc.constantFrom('come', 'come', 'leave', 'quit'), { maxLength: 200 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), steps, (limit, list) => {
        const breaker = breakerOf(limit, 1000);
        const [log, queue]: [string[], { w: PendingRequest; name: string }[]] = [[], []];
        let [active, served] = [0, 0];
        list.forEach((step, i) => {
          if (step === 'come' && breaker.hasCapacity) {
            breaker.acquire();
            active++;
          } else if (step === 'come') {
            const name = String(i);
            const entry = { w: waiter(name, log), name };
            breaker.enqueue(entry.w);
            queue.push(entry);
          } else if (step === 'leave' && active > 0) {
            active--;
            breaker.release();
          } else if (step === 'quit' && queue.length > 0)
            breaker.remove(queue.splice(i % queue.length, 1)[0]?.w as PendingRequest);
          for (; served < log.length; served++, active++) assert.equal(queue.shift()?.name, log[served]);
          assert.ok(active <= limit);
          assert.equal(breaker.pending, queue.length);
          assert.ok(queue.length === 0 || active === limit);
        });
      }),
    );
  });
});
