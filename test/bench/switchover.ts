/** How long proxies take to apply each change that replaces one endpoint by another. PURE: times come from the caller, in ms. */

interface Change {
  readonly startedAt: number;
  readonly added: string;
  /** By proxy: time of the first response from the new endpoint. */
  readonly first: Map<number, number>;
  /** Time of the last response from the old endpoint through any proxy, however late. */
  last: number;
}

export class Switchovers {
  readonly #proxies: number;
  readonly #changes: Change[] = [];
  readonly #removedBy = new Map<string, Change>();

  constructor(proxies: number) {
    this.#proxies = proxies;
  }

  /** The response to the write came at `startedAt`. From then on `added` is expected, and `removed` is not until it is added again. */
  begin(startedAt: number, removed: string, added: string): void {
    const change = { startedAt, added, first: new Map<number, number>(), last: startedAt };
    this.#changes.push(change);
    this.#removedBy.set(removed, change);
    this.#removedBy.delete(added);
  }

  /** Records a response from `endpoint` through a proxy. */
  recordAnswer(proxy: number, endpoint: string, at: number): void {
    const latest = this.#changes.at(-1);
    if (latest?.added === endpoint && !latest.first.has(proxy)) latest.first.set(proxy, at);
    const remover = this.#removedBy.get(endpoint);
    if (remover) remover.last = Math.max(remover.last, at);
  }

  /** Whether a response from the endpoint that the latest change added has come through every proxy. */
  get complete(): boolean {
    return (this.#changes.at(-1)?.first.size ?? this.#proxies) === this.#proxies;
  }

  /**
   * Milliseconds of each change, from its start until every proxy had used the new endpoint.
   * Responses from the new endpoint can arrive before the response to the write: that counts as 0.
   */
  arrivals(): readonly number[] {
    return this.#changes.map(({ startedAt, first }) => Math.max(0, ...[...first.values()].map((at) => at - startedAt)));
  }

  /** Milliseconds of each change, from its start until no proxy used the old endpoint any more. */
  removals(): readonly number[] {
    return this.#changes.map(({ startedAt, last }) => last - startedAt);
  }
}
