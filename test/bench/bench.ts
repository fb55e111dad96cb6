import type { Scope } from './cleanup.ts';

/** What a benchmark is asked for; undefined: as the project's numbers are defined. */
export interface Options {
  /** Of `cpu`: paired rounds. Of `propagation`: changes. Of `memory`: starts. */
  readonly rounds: number | undefined;
  /** Of `cpu`: each measurement. Of `rolling`, `kills`: the load. Of `memory`: the idle time. */
  readonly seconds: number | undefined;
}

/** One line of the table. */
export interface Row {
  readonly what: string;
  readonly number: string;
  /** What was promised; absent: a number for information. */
  readonly bound?: { readonly text: string; readonly met: boolean };
}

/** Measures, and leaves what must be undone in the scope. `note` prints while it runs. */
export type Bench = (options: Options, scope: Scope, note: (text: string) => void) => Promise<readonly Row[]>;
