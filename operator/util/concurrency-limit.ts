/**
 * Bounds how many tasks start at once. A task that takes longer than the patience passes its slot on and goes on without:
 * so those that hang delay the others once and shortly, however many they are.
 */
export class ConcurrencyLimit {
  #free: number;
  readonly #patience: number;
  readonly #waiting: (() => void)[] = [];

  /** `patience` in milliseconds. */
  constructor(count: number, patience: number) {
    this.#free = count;
    this.#patience = patience;
  }

  /** Runs a task in its turn, first come, first served; settles as it does. */
  async run(task: () => Promise<void>): Promise<void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    let held = true;
    const release = (): void => {
      if (held) this.#release();
      held = false;
    };
    const timer = setTimeout(release, this.#patience);
    try {
      await task();
    } finally {
      clearTimeout(timer);
      release();
    }
  }

  #release(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free++;
  }
}
