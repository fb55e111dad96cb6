/** What must be undone when a benchmark ends, also by an error or a signal: processes, folders, clusters. */
export class Cleanup {
  readonly #steps: (() => Promise<void> | void)[] = [];
  #running: Promise<void> | undefined;

  /** Adds a step. When the cleanup has already started, the step runs as soon as the earlier ones are done. */
  defer(step: () => Promise<void> | void): void {
    this.#steps.push(step);
    if (this.#running) this.#running = this.#running.then(() => this.#runSteps());
  }

  /** Whether the cleanup has started: errors after that are its consequence. */
  get started(): boolean {
    return this.#running !== undefined;
  }

  /** Runs every step once, the last one first; later calls wait for the same run. A step's error is printed, and the others still run. */
  run(): Promise<void> {
    return (this.#running ??= this.#runSteps());
  }

  async #runSteps(): Promise<void> {
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      try {
        await step();
      } catch (error) {
        console.error(error);
      }
    }
  }
}
