/** How many requests a policy may have at its backends at once; more wait in line, for a while. PURE: who waits brings its own patience. */

export interface CircuitBreakerLimits {
  /** Requests inside at once. */
  readonly maxRequests: number;
  /** Requests in line. */
  readonly maxPending: number;
}

/** One in line. */
export interface PendingRequest {
  /** Whether it is inside already, and wants to go on there. */
  readonly admitted: boolean;
  /** Whether it wants what others do not: its failure to get that says nothing about them. */
  readonly needsSpecificEndpoint: boolean;
  /** Its turn has come: tries, and says whether it got what it wants. It is out of the line then, else it stays where it is. */
  tryStart(): boolean;
  previous?: PendingRequest | undefined;
  next?: PendingRequest | undefined;
}

/** A bounded line, first come first served: as long as someone waits, a newcomer does, too. Those inside go before those outside. */
export class CircuitBreaker {
  #limits: CircuitBreakerLimits = { maxRequests: Infinity, maxPending: 0 };
  #active = 0;
  #first: PendingRequest | undefined;
  #last: PendingRequest | undefined;
  #pending = 0;

  /** Other limits hold from now on; nobody is sent away. */
  configure(limits: CircuitBreakerLimits): void {
    this.#limits = limits;
    this.admitNext();
  }

  get pending(): number {
    return this.#pending;
  }

  /** Whether a newcomer may try. */
  get hasCapacity(): boolean {
    return this.#first === undefined && this.#active < this.#limits.maxRequests;
  }

  /** A newcomer that tried goes in. */
  acquire(): void {
    this.#active++;
  }

  /** One that was inside is out. */
  release(): void {
    this.#active--;
    this.admitNext();
  }

  /** Stands in line; false where the line is full, which it never is for one who is inside. */
  enqueue(w: PendingRequest): boolean {
    if (!w.admitted && this.#pending >= this.#limits.maxPending) return false;
    this.#pending++;
    w.previous = w.admitted ? undefined : this.#last;
    w.next = w.admitted ? this.#first : undefined;
    if (w.previous) w.previous.next = w;
    else this.#first = w;
    if (w.next) w.next.previous = w;
    else this.#last = w;
    return true;
  }

  /** Goes away without its turn. Only while it stands in line. */
  remove(w: PendingRequest): void {
    this.#pending--;
    if (w.previous) w.previous.next = w.next;
    else this.#first = w.next;
    if (w.next) w.next.previous = w.previous;
    else this.#last = w.previous;
  }

  /** Something may have become free: as many go on as get something. */
  admitNext(): void {
    for (let w = this.#first; w !== undefined;) {
      const next = w.next;
      if (!w.admitted && this.#active >= this.#limits.maxRequests) return;
      if (w.tryStart()) {
        this.remove(w);
        if (!w.admitted) this.#active++;
      } else if (!w.needsSpecificEndpoint) return;
      w = next;
    }
  }
}
