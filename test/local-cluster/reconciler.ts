/** The queue of a controller. */
import { setTimeout as delay } from 'node:timers/promises';
import { ApiError } from './api.ts';

const RETRY_MS = 100;
/** Interval at which what is not settled is reconciled again, ms: for times such as `minReadySeconds`. */
const AGAIN_MS = 1_000;

export interface Reconciler {
  /** Something about this `NAMESPACE/NAME` has changed. */
  readonly soon: (key: string) => void;
  /** Resolves when no reconciliation runs any more. */
  readonly stop: () => Promise<void>;
}

/**
 * Reconciles one key after the other, each time from the state in the API server.
 *
 * @param reconcile one step; returns whether the next step needs an event first, or else it is called again after a while
 */
export function startReconciler(reconcile: (key: string) => Promise<boolean>): Reconciler {
  const waiting = new Set<string>();
  const timers = new Map<string, NodeJS.Timeout>();
  let working: Promise<void> | undefined;
  let stopped = false;

  const work = async () => {
    for (let [key] = waiting; key !== undefined && !stopped; [key] = waiting) {
      waiting.delete(key);
      try {
        if (!(await reconcile(key))) later(key);
      } catch (error) {
        if (error instanceof ApiError && error.status < 500) later(key);
        else {
          waiting.add(key);
          await delay(RETRY_MS);
        }
      }
    }
  };
  const soon = (key: string) => {
    if (stopped) return;
    waiting.add(key);
    working ??= work().finally(() => (working = undefined));
  };
  const later = (key: string) => {
    clearTimeout(timers.get(key));
    timers.set(
      key,
      setTimeout(() => {
        timers.delete(key);
        soon(key);
      }, AGAIN_MS),
    );
  };
  return {
    soon,
    stop: async () => {
      stopped = true;
      timers.forEach((timer) => clearTimeout(timer));
      await working;
    },
  };
}
