import type { Row } from '../bench/bench.ts';
import type { Cleanup } from '../bench/cleanup.ts';

/** What the command line sets. */
export interface Options {
  /** Duration of each measurement; undefined: that of the published numbers. */
  readonly seconds: number | undefined;
  /** Duration of the soak, which may be a day; undefined: as the others. */
  readonly soakMinutes?: number | undefined;
  /** Seed of all random times and choices. */
  readonly seed: number;
}

/** Causes one kind of fault and returns what clients observed. Registers what must be undone with `cleanup`; `note` prints progress. */
export type Experiment = (options: Options, cleanup: Cleanup, note: (text: string) => void) => Promise<readonly Row[]>;

/** Duration of an experiment in which no request may fail. */
export const SECONDS = 60;
export const CONNECTIONS = 100;
/** Requests per second. Well below the capacity of the machine: the question is whether requests fail, not how many are possible. */
export const RATE = 400;
/** Smallest number of occurrences in `SECONDS`, for a fault that repeats. */
const OCCURRENCES = 20;

/** Whether a fault occurred often enough; fewer occurrences are enough in a shorter run. */
export function occurredOftenEnough(occurrences: number, seconds: number): boolean {
  return occurrences >= Math.max(1, Math.floor((OCCURRENCES * Math.min(seconds, SECONDS)) / SECONDS));
}
