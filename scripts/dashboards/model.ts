/** What a dashboard says, without what Grafana wants around it (grafana.ts). */

export interface Query {
  readonly expr: string;
  /** Grafana's pattern: `{{label}}`. In a table: the heading of the column. */
  readonly legend: string;
}

interface PanelBase {
  readonly title: string;
  /** What it shows, and what to make of it. */
  readonly description: string;
  /** Grafana's name of it. In a table: of what has none of its own. */
  readonly unit: string;
  /** Columns of 24; default: 8. */
  readonly width?: number;
  /** Rows; default: as the kind needs. */
  readonly height?: number;
  /** From the lowest on: from which value on a colour is used. */
  readonly thresholds?: readonly Threshold[];
}

export type Threshold = readonly [from: number, colour: 'green' | 'yellow' | 'red'];

export interface Series extends PanelBase {
  readonly kind: 'series';
  readonly queries: readonly Query[];
  readonly stacked?: boolean;
  readonly max?: number;
  /** Values of one another's kind lie far apart. */
  readonly logarithmic?: boolean;
}

export interface Stat extends PanelBase {
  readonly kind: 'stat';
  readonly query: string;
  /** Absent: the number itself. */
  readonly names?: Readonly<Record<number, string>>;
}

/** What was the case when, a line for each. */
export interface States extends PanelBase {
  readonly kind: 'states';
  readonly queries: readonly Query[];
  readonly names: Readonly<Record<number, { readonly text: string; readonly colour: string }>>;
}

/** A line for each set of labels, a column for each query. */
export interface Table extends PanelBase {
  readonly kind: 'table';
  /** Columns, in their order, and what they are called. */
  readonly labels: Readonly<Record<string, string>>;
  readonly columns: readonly (Query & { readonly unit: string; readonly thresholds?: readonly Threshold[] })[];
  /** What a click on the first column opens. */
  readonly link?: { readonly title: string; readonly url: string };
}

export interface Heatmap extends PanelBase {
  readonly kind: 'heatmap';
  /** Rates of buckets, summed by `le`. */
  readonly query: string;
}

export type Panel = Series | Stat | States | Table | Heatmap;

export interface Variable {
  readonly name: string;
  readonly label: string;
  readonly description: string;
  /** Of the data source: `label_values(…)`. */
  readonly query: string;
}

export interface Section {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export interface Dashboard {
  /** Fixed, so that links lead to it and an import takes the place of the one before. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly Variable[];
  readonly sections: readonly Section[];
}
