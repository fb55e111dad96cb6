import type { ReflectorReport } from './reflector.ts';

/** Runs watches, and lists everything again on request. The watches report through this object. */
export interface Relister extends ReflectorReport {
  /** Runs the watches until the signal aborts; starts them again for every `relist`. */
  run(watch: (signal: AbortSignal) => Promise<unknown>, signal: AbortSignal): Promise<void>;
  /** Resolves when every kind that ever reported has been listed again, after `within` milliseconds, or at the end. */
  relist(within: number): Promise<void>;
}

/** A watch that starts lists first, so the first contact of a kind after a start means that it has been listed. */
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
