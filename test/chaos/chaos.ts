import type { Row } from '../bench/bench.ts';
import type { Cleanup } from '../bench/cleanup.ts';

/** What a fault is asked for. */
export interface Options {
  /** How long each measurement lasts; undefined: as the project's numbers are defined. */
  readonly seconds: number | undefined;
  /** Decides instants and choices. */
  readonly seed: number;
}

/** Makes one kind of trouble, and says what users saw of it. Leaves what must be undone in the cleanup. */
export type Experiment = (options: Options, cleanup: Cleanup, note: (text: string) => void) => Promise<readonly Row[]>;

/** Of a fault that must not cost a single request. */
export const SECONDS = 60;
export const CONNECTIONS = 100;
/** Requests per second. Well below what the machine can do: what is asked is whether requests survive, not how many. */
export const RATE = 400;
/** At least so many occurrences in `SECONDS`, where a fault repeats. */
const OCCURRENCES = 20;

/** Whether a fault happened as often as promised, in proportion where the run is shorter. */
export function occurredOftenEnough(occurrences: number, seconds: number): boolean {
  return occurrences >= Math.max(1, Math.floor((OCCURRENCES * Math.min(seconds, SECONDS)) / SECONDS));
}
