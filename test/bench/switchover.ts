/** When proxies took up one change after the other: a new endpoint for an old one. PURE: times come from the caller, in ms. */

interface Change {
  readonly began: number;
  readonly added: string;
  /** By proxy: the first answer from the new endpoint. */
  readonly first: Map<number, number>;
  /** The last answer from the old one, by any proxy, however late. */
  last: number;
}

export class Switchovers {
  readonly #proxies: number;
  readonly #changes: Change[] = [];
  readonly #removedBy = new Map<string, Change>();

  constructor(proxies: number) {
    this.#proxies = proxies;
  }

  /** The write was answered at `began`. From now on `added` is expected, and `removed` no longer, until it is added again. */
  change(began: number, removed: string, added: string): void {
    const change = { began, added, first: new Map<number, number>(), last: began };
    this.#changes.push(change);
    this.#removedBy.set(removed, change);
    this.#removedBy.delete(added);
  }

  /** A proxy's answer that came from `endpoint`. */
  heard(proxy: number, endpoint: string, at: number): void {
    const latest = this.#changes.at(-1);
    if (latest?.added === endpoint && !latest.first.has(proxy)) latest.first.set(proxy, at);
    const remover = this.#removedBy.get(endpoint);
    if (remover) remover.last = Math.max(remover.last, at);
  }

  /** Whether every proxy has answered from the endpoint that the latest change added. */
  get settled(): boolean {
    return (this.#changes.at(-1)?.first.size ?? this.#proxies) === this.#proxies;
  }

  /**
   * Milliseconds of each change, from its begin until every proxy had answered from the new endpoint and none answered from the
   * old one any more. Answers can be there before the writer hears of its write: that counts as 0.
   */
  durations(): readonly number[] {
    return this.#changes.map(({ began, first, last }) =>
      Math.max(0, last - began, ...[...first.values()].map((at) => at - began)),
    );
  }
}
