/** What a benchmark must undo when it ends, whichever way it ends: processes, folders, clusters. */
export class Scope {
  readonly #endings: (() => Promise<void> | void)[] = [];
  #ended: Promise<void> | undefined;

  /** Once the end has begun, it is undone at once. */
  defer(ending: () => Promise<void> | void): void {
    this.#endings.push(ending);
    if (this.#ended) this.#ended = this.#ended.then(() => this.#undo());
  }

  /** Whether the end has begun: what fails from now on fails because of it. */
  get over(): boolean {
    return this.#ended !== undefined;
  }

  /** Undoes everything, the last first, however often it is called. What fails is printed, and the rest still undone. */
  end(): Promise<void> {
    return (this.#ended ??= this.#undo());
  }

  async #undo(): Promise<void> {
    for (let ending = this.#endings.pop(); ending; ending = this.#endings.pop()) {
      try {
        await ending();
      } catch (error) {
        console.error(error);
      }
    }
  }
}
