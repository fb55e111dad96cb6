/** Work that must not hold up requests: done in slices between them. */

/** Longest slice, ms, give or take one step. */
const SLICE_MS = 2;
/** Elementary operations between two looks at the clock: microseconds, but milliseconds where each is first to touch a page of memory. */
const STEP = 1000;

interface Task {
  /** Does about `budget` elementary operations; false: there is more to do. */
  step?(budget: number): boolean;
}

/** One slice at a time however many tasks there are; each gets its turn. */
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
      // The next slice begins with another one.
      this.#tasks.delete(task);
      if (task.step?.(STEP) === false) this.#tasks.add(task);
      if (this.#now() >= end) break;
    }
    if (this.#tasks.size > 0) this.#scheduled = setImmediate(() => this.#run());
  }
}
