/**
 * Metrics in the text format of Prometheus. Single ones are prom-client's. It renders everything at once, and with many endpoints all
 * requests would wait for it: so what grows with policies and endpoints is a sequence of small pieces, between which other work can be
 * done (scrape.ts).
 */
import PromCounter from 'prom-client/lib/counter.js';
import PromRegistry from 'prom-client/lib/registry.js';

export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary';
  /** Called for every scrape. Each piece holds whole lines: those of one series, as they are at one moment. */
  readonly read: () => Iterable<string>;
}

export class Registry {
  readonly contentType = 'text/plain; version=0.0.4; charset=utf-8';
  /** Of single metrics. */
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

  /** The whole at once. */
  async text(): Promise<string> {
    return [await this.head(), ...this.pieces()].join('');
  }
}

/** A counter by one label, whose values are known beforehand: each is there from the start, so that a rate sees its first event. */
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
