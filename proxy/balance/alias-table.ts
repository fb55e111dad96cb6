/**
 * Weighted choice in constant time: Walker's alias method, built by Vose's algorithm. Columns have equal width; each holds one
 * outcome below its cut and another above it. Outcomes of weight 0 have no column.
 */
export class AliasTable {
  readonly #below: Uint32Array;
  readonly #above: Uint32Array;
  readonly #cut: Float64Array;

  constructor(weights: Float64Array) {
    const outcomes: number[] = [];
    let total = 0;
    weights.forEach((weight, i) => {
      if (weight > 0) outcomes.push(i);
      total += weight;
    });
    const n = outcomes.length;
    this.#below = Uint32Array.from(outcomes);
    this.#above = Uint32Array.from(outcomes);
    this.#cut = Float64Array.from(outcomes, (i) => ((weights[i] ?? 0) / total) * n);
    this.#fill();
  }

  /** Fills each column that is too light from one that is too heavy. Columns left over through rounding are full. */
  #fill(): void {
    const cut = this.#cut;
    const light: number[] = [];
    const heavy: number[] = [];
    cut.forEach((share, column) => (share < 1 ? light : heavy).push(column));
    let giver = heavy.pop();
    let taker = light.pop();
    while (giver !== undefined && taker !== undefined) {
      this.#above[taker] = this.#below[giver] ?? 0;
      const left = (cut[giver] ?? 0) - (1 - (cut[taker] ?? 0));
      cut[giver] = left;
      if (left < 1) {
        taker = giver;
        giver = heavy.pop();
      } else {
        taker = light.pop();
      }
    }
    for (const column of [giver, taker, ...heavy, ...light]) if (column !== undefined) cut[column] = 1;
  }

  /** An outcome for `u`, uniform in [0, 1); -1 if there is none. */
  draw(u: number): number {
    const n = this.#cut.length;
    if (n === 0) return -1;
    const at = u * n;
    const column = Math.trunc(at);
    return (at - column < (this.#cut[column] ?? 1) ? this.#below[column] : this.#above[column]) ?? -1;
  }
}
