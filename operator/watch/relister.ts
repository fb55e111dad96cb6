import type { ReflectorReport } from './reflector.ts';

/** Runs watches that can be told to list everything anew: what they report goes through here. */
export interface Relister extends ReflectorReport {
  /** Runs them until the signal aborts; again from the beginning whenever they are to list anew. */
  run(watch: (signal: AbortSignal) => Promise<unknown>, signal: AbortSignal): Promise<void>;
  /** Resolves when everything that was ever heard of has been listed anew, or after so many milliseconds, or at the end. */
  relist(within: number): Promise<void>;
}

/** A watch that is begun anew lists first, so the first that is heard of a kind then is the whole of it. */
export function createRelister(report: ReflectorReport): Relister {
  const kinds = new Set<string>();
  const listed = new Set<string>();
  let round = new AbortController();
  let done = (): void => undefined;
  return {
    onContact(kind) {
      kinds.add(kind);
      listed.add(kind);
      report.onContact(kind);
      if (listed.size === kinds.size) done();
    },
    onFailure: (kind, error) => report.onFailure(kind, error),
    async run(watch, signal) {
      const end = (): void => {
        round.abort();
        done();
      };
      signal.addEventListener('abort', end, { once: true });
      while (!signal.aborted) {
        round = new AbortController();
        await watch(round.signal);
      }
      signal.removeEventListener('abort', end);
    },
    async relist(within) {
      listed.clear();
      round.abort();
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        done = resolve;
        timer = setTimeout(resolve, within);
      });
      clearTimeout(timer);
    },
  };
}
