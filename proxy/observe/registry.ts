/**
 * Metrics in the Prometheus text format. Single metrics use prom-client, which renders everything at once. Metrics per policy and
 * endpoint may be many, and requests must not wait for them: they are rendered in small pieces, and other work runs between pieces
 * (scrape.ts).
 */
import PromCounter from 'prom-client/lib/counter.js';
import PromRegistry from 'prom-client/lib/registry.js';

export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary';
  /** Called for every scrape. Each piece holds complete lines: those of one series, at one moment. */
  readonly read: () => Iterable<string>;
}

export class Registry {
  readonly contentType = 'text/plain; version=0.0.4; charset=utf-8';
  /** Registry of single metrics. */
  readonly single = new PromRegistry();
  readonly #metrics = new Map<string, Metric>();

  register(metric: Metric): void {
    if (this.#metrics.has(metric.name)) throw new Error(`there are two metrics ${metric.name}`);
    this.#metrics.set(metric.name, metric);
  }

  *pieces(): Generator<string> {
    for (const { name, help, type, read } of this.#metrics.values()) {
      yield `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
      yield* read();
    }
  }

  /** The single metrics, without the blank lines between them. */
  async head(): Promise<string> {
    return (await this.single.metrics()).replace(/^\n/gm, '');
  }

  /** Renders everything at once. */
  async text(): Promise<string> {
    return [await this.head(), ...this.pieces()].join('');
  }
}

/**
 * A counter with one label whose values are known beforehand: each has a series from the start, so that `rate()` sees its first
 * event.
 */
export function countBy<L extends string>(
  registry: Registry,
  { name, help }: Pick<Metric, 'name' | 'help'>,
  label: L,
  values: readonly string[],
): PromCounter<L> {
  const counter = new PromCounter({ name, help, labelNames: [label], registers: [registry.single] });
  for (const value of values) counter.inc({ [label]: value } as Record<L, string>, 0);
  return counter;
}
