/** What a benchmark must undo when it ends, whichever way it ends: processes, folders, clusters. */
export class Scope {
  readonly #endings: (() => Promise<void> | void)[] = [];

  defer(ending: () => Promise<void> | void): void {
    this.#endings.push(ending);
  }

  /** Undoes everything, the last first. What fails is printed, and the rest still undone. */
  async end(): Promise<void> {
    for (let ending = this.#endings.pop(); ending; ending = this.#endings.pop()) {
      try {
        await ending();
      } catch (error) {
        console.error(error);
      }
    }
  }
}
