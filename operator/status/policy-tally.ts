/** The proxies of one policy, counted. Pure. */
import type { ServedBy, Standing } from './proxy-standing.ts';

/** Everything that the status of a policy says of its proxies. */
export interface Tally {
  /** Selected proxies, Ready or not. */
  readonly selected: number;
  /** Those that run this generation. */
  readonly running: number;
  /** Those that report which endpoints are unhealthy. */
  readonly reporting: number;
  /** Those that are Ready and not terminating: what follows is about these, the last about the others. */
  readonly counted: number;
  /** Those that run this generation, by what answers the policy's requests there. */
  readonly served: Readonly<Record<ServedBy, number>>;
  /** Those that run this generation and report which endpoints are unhealthy, but not what answers: older proxies. */
  readonly older: number;
  /** In name order, like the following two: they do not have this generation. */
  readonly behind: readonly Standing[];
  readonly refused: readonly Standing[];
  /** Of `behind` and `refused`: those that have answered, or are known to fail. */
  readonly contacted: number;
  readonly notCounted: readonly Standing[];
}

/** A tally that follows its proxies one by one, in time that does not depend on how many there are (nearly: names stay sorted). */
export class PolicyTally implements Tally {
  selected = 0;
  running = 0;
  reporting = 0;
  counted = 0;
  contacted = 0;
  readonly served = { endpoints: 0, checking: 0, panic: 0, fallback: 0, unavailable: 0 };
  older = 0;
  readonly behind: Standing[] = [];
  readonly refused: Standing[] = [];
  readonly notCounted: Standing[] = [];

  add(one: Standing): void {
    this.#count(one, 1);
    const list = this.#listOf(one);
    list?.splice(firstFrom(list, one.name), 0, one);
  }

  /** `one` was added before. Names are unique. */
  remove(one: Standing): void {
    this.#count(one, -1);
    const list = this.#listOf(one);
    list?.splice(firstFrom(list, one.name), 1);
  }

  #count({ counted, runs, reporting, contacted, served }: Standing, by: 1 | -1): void {
    this.selected += by;
    if (counted) this.counted += by;
    if (runs) this.running += by;
    if (reporting) this.reporting += by;
    if (counted && !runs && contacted) this.contacted += by;
    if (!counted || !runs) return;
    if (served !== undefined) this.served[served] += by;
    else if (reporting) this.older += by;
  }

  #listOf({ counted, runs, refusal }: Standing): Standing[] | undefined {
    if (!counted) return this.notCounted;
    if (runs) return undefined;
    return refusal === undefined ? this.behind : this.refused;
  }
}

/** Index of the first standing whose name is not before `name`. */
function firstFrom(list: readonly Standing[], name: string): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle] as Standing).name < name) low = middle + 1;
    else high = middle;
  }
  return low;
}
