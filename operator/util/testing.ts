import type { Clock } from './clock.ts';

/** For tests: a clock that only `advance` moves. */
export function fakeClock(): Clock & { advance(ms: number): void } {
  let now = 0;
  let pending: { at: number; callback: () => void }[] = [];
  return {
    now: () => now,
    after(ms, callback) {
      const entry = { at: now + ms, callback };
      pending.push(entry);
      return () => (pending = pending.filter((other) => other !== entry));
    },
    advance(ms) {
      const end = now + ms;
      for (let next = due(pending, end); next !== undefined; next = due(pending, end)) {
        pending = pending.filter((other) => other !== next);
        now = next.at;
        next.callback();
      }
      now = end;
    },
  };
}

const due = (pending: { at: number; callback: () => void }[], end: number) =>
  pending.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
