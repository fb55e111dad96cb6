/** Waiting between tries, and in line at a policy's gate; until the client leaves at the latest. */
import type { Exchange } from '../message/exchange.ts';
import type { CircuitBreaker, PendingRequest } from '../resilience/circuit-breaker.ts';

export type Waited = 'served' | 'full' | 'late' | 'gone';

/** Until there is something to use, until patience ends (ms), or until the client leaves. */
export function waitInLine(gate: CircuitBreaker, x: Exchange, patience: number, want: PendingRequest): Promise<Waited> {
  return new Promise((resolve) => {
    let inLine = true;
    const waiter: PendingRequest = {
      admitted: want.admitted,
      needsSpecificEndpoint: want.needsSpecificEndpoint,
      tryStart() {
        if (!want.tryStart()) return false;
        inLine = false;
        clearTimeout(timer);
        resolve('served');
        return true;
      },
    };
    if (!gate.enqueue(waiter)) return resolve('full');
    const quit = (why: Waited) => {
      if (!inLine) return;
      inLine = false;
      clearTimeout(timer);
      gate.remove(waiter);
      resolve(why);
    };
    const timer = setTimeout(quit, patience, 'late');
    x.onGone(() => quit('gone'));
  });
}

/** Waits, or until the client leaves. */
export function pause(x: Exchange, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    x.onGone(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
