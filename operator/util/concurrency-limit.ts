/**
 * Limits how many tasks run in parallel. A task that takes longer than `slowAfter` no longer counts and continues: tasks that hang
 * delay the others only once, and briefly, however many they are.
 */
export class ConcurrencyLimit {
  #free: number;
  readonly #slowAfter: number;
  readonly #waiting: (() => void)[] = [];

  /** @param slowAfter milliseconds */
  constructor(count: number, slowAfter: number) {
    this.#free = count;
    this.#slowAfter = slowAfter;
  }

  /** Runs a task when its turn comes, first come, first served; settles as the task does. */
  async run(task: () => Promise<void>): Promise<void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    let held = true;
    const release = (): void => {
      if (held) this.#release();
      held = false;
    };
    const timer = setTimeout(release, this.#slowAfter);
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
