export interface LaneOptions {
  /** Milliseconds until an exchange is due; Infinity where none is. */
  readonly due: () => number;
  /** Never rejects. */
  readonly exchange: () => Promise<void>;
  /** An exchange has ended, and none is in flight. */
  readonly ended: () => void;
}

/** One purpose for which a proxy is talked to: at most one exchange in flight, or else one timer for the next. */
export class Lane {
  readonly #options: LaneOptions;
  #inFlight: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** The exchange in flight, until it has ended. */
  get inFlight(): Promise<void> | undefined {
    return this.#inFlight;
  }

  /** Starts what is due, or a timer for it. Called whenever something changed. */
  advance(): void {
    if (this.#inFlight) return;
    clearTimeout(this.#timer);
    const ms = this.#options.due();
    if (ms === Infinity) return;
    if (ms > 0) this.#timer = setTimeout(() => this.advance(), ms);
    else this.#inFlight = this.#options.exchange().finally(() => this.#end());
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #end(): void {
    this.#inFlight = undefined;
    this.#options.ended();
    this.advance();
  }
}
