/** Waiting in the queue of a policy's circuit breaker, and between tries; both end when the client leaves. */
import type { Exchange } from '../message/exchange.ts';
import type { CircuitBreaker, PendingRequest } from '../resilience/circuit-breaker.ts';

export type WaitResult = 'served' | 'queue-full' | 'timed-out' | 'client-gone';

/** Waits until the request can start, for at most `timeout` ms, or until the client leaves. */
export function waitForCapacity(
  breaker: CircuitBreaker,
  x: Exchange,
  timeout: number,
  pending: PendingRequest,
): Promise<WaitResult> {
  return new Promise((resolve) => {
    let queued = true;
    const entry: PendingRequest = {
      admitted: pending.admitted,
      needsSpecificEndpoint: pending.needsSpecificEndpoint,
      tryStart() {
        if (!pending.tryStart()) return false;
        queued = false;
        clearTimeout(timer);
        resolve('served');
        return true;
      },
    };
    if (!breaker.enqueue(entry)) return resolve('queue-full');
    const quit = (why: WaitResult) => {
      if (!queued) return;
      queued = false;
      clearTimeout(timer);
      breaker.remove(entry);
      resolve(why);
    };
    const timer = setTimeout(quit, timeout, 'timed-out');
    x.onGone(() => quit('client-gone'));
  });
}

/** Waits for `ms`, or until the client leaves. */
export function pause(x: Exchange, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    x.onGone(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
