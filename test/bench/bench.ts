import type { Cleanup } from './cleanup.ts';

/** What the command line sets; undefined: the values of the published numbers. */
export interface Options {
  /** Of `propagation`: changes. Of `memory`: starts. Of others that have rounds: their number. */
  readonly rounds: number | undefined;
  /** Of `rolling`, `kills`: the load. Of `memory`: the idle time. Of others that measure for a time: each measurement. */
  readonly seconds: number | undefined;
}

/** One line of the table. */
export interface Row {
  readonly what: string;
  readonly number: string;
  /** The limit; absent: the number is for information only. */
  readonly bound?: { readonly text: string; readonly met: boolean };
}

/** Measures, and registers what must be undone with `cleanup`. `note` prints progress. */
export type Bench = (options: Options, cleanup: Cleanup, note: (text: string) => void) => Promise<readonly Row[]>;
