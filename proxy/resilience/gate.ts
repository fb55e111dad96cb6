/** How many requests may be at a policy's backends at once; more wait in line. PURE: who waits brings a callback, and its own patience. */

/** One that waits. */
export interface Waiter {
  /** Its turn has come. Called at most once, and not after `leave`. */
  readonly admit: () => void;
  /** Set while it stands in line. */
  before: Waiter | undefined;
  behind: Waiter | undefined;
}

/**
 * A bounded line, first come first served. Nobody overtakes: as long as someone waits, a newcomer does, too. One whose turn has come
 * tries at once; where it finds nothing to use after all, it goes back to the head of the line.
 */
export class Gate {
  #limit: number;
  #room: number;
  #inside = 0;
  #first: Waiter | undefined;
  #last: Waiter | undefined;
  #waiting = 0;
  /** Those whose turn has come, and who have not entered yet. */
  #called = 0;

  /** @param limit inside at once. @param room in line at most. */
  constructor(limit: number, room: number) {
    this.#limit = limit;
    this.#room = room;
  }

  get inside(): number {
    return this.#inside;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** Goes in, unless it is full or others were here first. `called`: its turn had come. */
  enter(called: boolean): boolean {
    if (called) this.#called--;
    else if (this.#waiting + this.#called > 0) return false;
    if (this.#inside >= this.#limit) return false;
    this.#inside++;
    return true;
  }

  /** One that was inside is out; the next one's turn has come. */
  leave(): void {
    this.#inside--;
    this.callNext();
  }

  /** Something became free; the next one may try. */
  callNext(): void {
    const w = this.#first;
    if (w === undefined) return;
    this.remove(w);
    this.#called++;
    w.admit();
  }

  /** Stands in line, at its end or at its head; false where the line is full. Who was called never finds it full. */
  join(w: Waiter, where: 'end' | 'head'): boolean {
    if (where === 'end' && this.#waiting >= this.#room) return false;
    this.#waiting++;
    const [before, behind] = where === 'end' ? [this.#last, undefined] : [undefined, this.#first];
    w.before = before;
    w.behind = behind;
    if (before) before.behind = w;
    else this.#first = w;
    if (behind) behind.before = w;
    else this.#last = w;
    return true;
  }

  /** Goes away without its turn. Only while it stands in line. */
  remove(w: Waiter): void {
    this.#waiting--;
    if (w.before) w.before.behind = w.behind;
    else this.#first = w.behind;
    if (w.behind) w.behind.before = w.before;
    else this.#last = w.before;
    w.before = undefined;
    w.behind = undefined;
  }
}
