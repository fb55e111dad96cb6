import type { Handle } from './balancer.ts';

/** Milliseconds for which a failure counts as one request in flight. */
const PENALTY_MS = 1000;
/** Most penalties at a time; beyond it the oldest ends early. */
const MAX_PENALTIES = 10_000;

/** The handle of an endpoint's requests; identifies the endpoint across updates. */
interface EndpointLoad {
  /** Index in the present list; -1: gone. */
  index: number;
}

interface Penalty {
  readonly load: EndpointLoad;
  readonly until: number;
  next: Penalty | undefined;
}

/**
 * Requests in flight per endpoint, for the least-* strategies. An endpoint that fails fast has few requests in flight and would
 * attract all traffic, so a failure counts as one request in flight for a second. A steady failure rate thus gives a steady
 * penalty, and all loads are whole numbers that change at known times.
 */
export class EndpointLoads {
  #loads: EndpointLoad[] = [];
  /** By index: requests in flight plus penalties, as of the last `expirePenalties`. */
  counts = new Int32Array(0);
  #onChange: (i: number, by: number) => void;
  /** Penalties have equal length, so they expire in order. */
  #first: Penalty | undefined;
  #last: Penalty | undefined;
  #penalties = 0;

  /** @param changed called with the index of every endpoint whose load changed, and by how much. */
  constructor(changed: (i: number, by: number) => void) {
    this.#onChange = changed;
  }

  /** `from`: the result of `EndpointTable.update`. Does not call `changed`. */
  update(from: Int32Array): void {
    const before = this.#loads;
    const counts = this.counts;
    this.counts = Int32Array.from(from, (old) => counts[old] ?? 0);
    for (const load of before) load.index = -1;
    this.#loads = Array.from(from, (old, i) => {
      const load = before[old] ?? { index: i };
      load.index = i;
      return load;
    });
  }

  begin(i: number): Handle {
    const load = this.#loads[i];
    if (load === undefined) throw new RangeError(`no endpoint ${i}`);
    this.#add(load, 1);
    return load;
  }

  end(h: Handle, ok: boolean | undefined, now: number): void {
    const load = h as EndpointLoad;
    if (ok === false) this.#penalize(load, now);
    else this.#add(load, -1);
  }

  /** Ends penalties whose time is over. */
  expirePenalties(now: number): void {
    while (this.#first !== undefined && this.#first.until <= now) this.#expire(this.#first);
  }

  /** The request in flight becomes a penalty: the count stays. */
  #penalize(load: EndpointLoad, now: number): void {
    const penalty: Penalty = { load, until: now + PENALTY_MS, next: undefined };
    if (this.#last === undefined) this.#first = penalty;
    else this.#last.next = penalty;
    this.#last = penalty;
    if (++this.#penalties > MAX_PENALTIES) this.#expire(this.#first as Penalty);
  }

  #expire(first: Penalty): void {
    this.#first = first.next;
    if (this.#first === undefined) this.#last = undefined;
    this.#penalties--;
    this.#add(first.load, -1);
  }

  #add({ index }: EndpointLoad, n: number): void {
    if (index < 0) return;
    this.counts[index]! += n;
    this.#onChange(index, n);
  }
}
