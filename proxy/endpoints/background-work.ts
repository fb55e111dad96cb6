/** Work that must not delay requests, done in slices between them. */

/** Longest slice in ms, plus at most one step. */
const SLICE_MS = 2;
/**
 * Elementary operations between two reads of the clock: microseconds, or milliseconds if each is the first to touch a page of
 * memory.
 */
const STEP = 1000;

interface Task {
  /** Does about `budget` elementary operations; false: not finished. */
  step?(budget: number): boolean;
}

/** Runs one slice per turn of the event loop, whatever the number of tasks; tasks take turns. */
export class BackgroundWork {
  readonly #tasks = new Set<Task>();
  readonly #now: () => number;
  #scheduled: NodeJS.Immediate | undefined;

  /** @param now monotonic milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  add(task: Task): void {
    this.#tasks.add(task);
    this.#scheduled ??= setImmediate(() => this.#run());
  }

  delete(task: Task): void {
    this.#tasks.delete(task);
  }

  #run(): void {
    this.#scheduled = undefined;
    const end = this.#now() + SLICE_MS;
    for (const task of this.#tasks) {
      // The next slice starts with another task.
      this.#tasks.delete(task);
      if (task.step?.(STEP) === false) this.#tasks.add(task);
      if (this.#now() >= end) break;
    }
    if (this.#tasks.size > 0) this.#scheduled = setImmediate(() => this.#run());
  }
}
