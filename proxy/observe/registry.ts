/**
 * Metrics in the text format of Prometheus. Not by prom-client: that renders everything at once, and with many endpoints all requests
 * would wait for it. Here a scrape is a sequence of small pieces, so that other work can be done between them (scrape.ts).
 */

export type Labels = Readonly<Record<string, string>>;

export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary';
  /** Called for every scrape. Each piece holds whole lines: those of one series, as they are at one moment. */
  readonly read: () => Iterable<string>;
}

export class Registry {
  readonly contentType = 'text/plain; version=0.0.4; charset=utf-8';
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

  /** The whole at once. */
  text(): string {
    return [...this.pieces()].join('');
  }
}

/** Labels as they stand between the braces. */
export function labelText(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escape(value)}"`)
    .join(',');
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' };

function escape(value: string): string {
  return value.replace(/[\\"\n]/g, (character) => ESCAPES[character] as string);
}

/** A counter by one label, whose values are known beforehand: each is there from the start, so that a rate sees its first event. */
export class Counts<V extends string> {
  readonly #counts: Map<V, number>;

  constructor(registry: Registry, metric: Pick<Metric, 'name' | 'help'>, label: string, values: readonly V[]) {
    this.#counts = new Map(values.map((value) => [value, 0]));
    const line = ([value, count]: [V, number]) => `${metric.name}{${label}="${value}"} ${count}\n`;
    registry.register({ ...metric, type: 'counter', read: () => [...this.#counts].map(line) });
  }

  inc(value: V): void {
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + 1);
  }
}
