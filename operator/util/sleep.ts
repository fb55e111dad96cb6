import { setTimeout as wait } from 'node:timers/promises';

/** Resolves after `ms` milliseconds, or as soon as the signal aborts; at once where `ms` is not positive. Never rejects. */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await wait(ms, undefined, { signal }).catch(() => undefined);
}
