/** Waiting between tries, and in line at a policy's gate; until the client leaves at the latest. */
import type { Exchange } from '../message/exchange.ts';
import type { Gate, Waiter } from '../resilience/circuit-breaker.ts';

export type Waited = 'served' | 'full' | 'late' | 'gone';

/** Until there is something to use, until patience ends (ms), or until the client leaves. */
export function waitInLine(gate: Gate, x: Exchange, patience: number, want: Waiter): Promise<Waited> {
  return new Promise((resolve) => {
    let inLine = true;
    const waiter: Waiter = {
      inside: want.inside,
      picky: want.picky,
      attempt() {
        if (!want.attempt()) return false;
        inLine = false;
        clearTimeout(timer);
        resolve('served');
        return true;
      },
    };
    if (!gate.join(waiter)) return resolve('full');
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
