/** How many requests a policy may have at its backends at once; more wait in line, for a while. PURE: who waits brings its own patience. */

export interface GateLimits {
  /** Requests inside at once. */
  readonly inside: number;
  /** Requests in line. */
  readonly waiting: number;
}

/** One in line. */
export interface Waiter {
  /** Whether it is inside already, and wants to go on there. */
  readonly inside: boolean;
  /** Whether it wants what others do not: its failure to get that says nothing about them. */
  readonly picky: boolean;
  /** Its turn has come: tries, and says whether it got what it wants. It is out of the line then, else it stays where it is. */
  attempt(): boolean;
  before?: Waiter | undefined;
  behind?: Waiter | undefined;
}

/** A bounded line, first come first served: as long as someone waits, a newcomer does, too. Those inside go before those outside. */
export class Gate {
  #limits: GateLimits = { inside: Infinity, waiting: 0 };
  #inside = 0;
  #first: Waiter | undefined;
  #last: Waiter | undefined;
  #waiting = 0;

  /** Other limits hold from now on; nobody is sent away. */
  configure(limits: GateLimits): void {
    this.#limits = limits;
    this.callNext();
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** Whether a newcomer may try. */
  get open(): boolean {
    return this.#first === undefined && this.#inside < this.#limits.inside;
  }

  /** A newcomer that tried goes in. */
  enter(): void {
    this.#inside++;
  }

  /** One that was inside is out. */
  leave(): void {
    this.#inside--;
    this.callNext();
  }

  /** Stands in line; false where the line is full, which it never is for one who is inside. */
  join(w: Waiter): boolean {
    if (!w.inside && this.#waiting >= this.#limits.waiting) return false;
    this.#waiting++;
    w.before = w.inside ? undefined : this.#last;
    w.behind = w.inside ? this.#first : undefined;
    if (w.before) w.before.behind = w;
    else this.#first = w;
    if (w.behind) w.behind.before = w;
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
  }

  /** Something may have become free: as many go on as get something. */
  callNext(): void {
    for (let w = this.#first; w !== undefined;) {
      const next = w.behind;
      if (!w.inside && this.#inside >= this.#limits.inside) return;
      if (w.attempt()) {
        this.remove(w);
        if (!w.inside) this.#inside++;
      } else if (!w.picky) return;
      w = next;
    }
  }
}
