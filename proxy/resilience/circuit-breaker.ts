/**
 * Circuit breaker of a policy: limits concurrent requests at its backends; further requests are queued. PURE: time-outs are the
 * caller's.
 */

export interface CircuitBreakerLimits {
  /** Concurrent requests. */
  readonly maxRequests: number;
  /** Queued requests. */
  readonly maxPending: number;
}

/** A request in the queue. */
export interface PendingRequest {
  /** Whether it is admitted already (counts as active) and waits for its next attempt. */
  readonly admitted: boolean;
  /** Whether only one endpoint will do: its failure to start says nothing about the requests behind it. */
  readonly needsSpecificEndpoint: boolean;
  /**
   * Called when it is its turn. Starts an attempt and returns true, which takes the request out of the queue; false leaves it
   * there.
   */
  tryStart(): boolean;
  previous?: PendingRequest | undefined;
  next?: PendingRequest | undefined;
}

/** A bounded FIFO queue: while a request is pending, new ones are queued, too. Admitted requests go before all others. */
export class CircuitBreaker {
  #limits: CircuitBreakerLimits = { maxRequests: Infinity, maxPending: 0 };
  #active = 0;
  #first: PendingRequest | undefined;
  #last: PendingRequest | undefined;
  #pending = 0;

  /** Changes the limits from now on; no queued request is refused. */
  configure(limits: CircuitBreakerLimits): void {
    this.#limits = limits;
    this.admitNext();
  }

  get pending(): number {
    return this.#pending;
  }

  /** Whether a new request may start without queueing. */
  get hasCapacity(): boolean {
    return this.#first === undefined && this.#active < this.#limits.maxRequests;
  }

  /** A new request has started. */
  acquire(): void {
    this.#active++;
  }

  /** An admitted request has ended. */
  release(): void {
    this.#active--;
    this.admitNext();
  }

  /** Queues a request; false if the queue is full. Never full for an admitted request. */
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

  /** Takes a request out of the queue before its turn. Call only while it is queued. */
  remove(w: PendingRequest): void {
    this.#pending--;
    if (w.previous) w.previous.next = w.next;
    else this.#first = w.next;
    if (w.next) w.next.previous = w.previous;
    else this.#last = w.previous;
  }

  /** Capacity or endpoints may be free: starts as many queued requests as can start, in order. */
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
