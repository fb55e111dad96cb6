/** The content of a dashboard; grafana.ts adds what Grafana needs around it. */

export interface Query {
  readonly expr: string;
  /** Grafana's pattern: `{{label}}`. In a table: the heading of the column. */
  readonly legend: string;
}

interface PanelBase {
  readonly title: string;
  /** What it shows, and how to interpret it. */
  readonly description: string;
  /** Grafana's name of the unit. In a table: the default of columns. */
  readonly unit: string;
  /** Width in columns, of 24; default 8. */
  readonly width?: number;
  /** Height in rows; the default depends on the kind. */
  readonly height?: number;
  /** Ascending: the value from which on a colour is used. */
  readonly thresholds?: readonly Threshold[];
}

export type Threshold = readonly [from: number, colour: 'green' | 'yellow' | 'red'];

export interface Series extends PanelBase {
  readonly kind: 'series';
  readonly queries: readonly Query[];
  readonly stacked?: boolean;
  readonly max?: number;
  /** For values of different magnitude. */
  readonly logarithmic?: boolean;
}

export interface Stat extends PanelBase {
  readonly kind: 'stat';
  readonly query: string;
  /** Absent: the number itself. */
  readonly names?: Readonly<Record<number, string>>;
}

/** States over time, one line for each series. */
export interface States extends PanelBase {
  readonly kind: 'states';
  readonly queries: readonly Query[];
  readonly names: Readonly<Record<number, { readonly text: string; readonly colour: string }>>;
}

/** A row for each set of labels, a column for each query. */
export interface Table extends PanelBase {
  readonly kind: 'table';
  /** Label columns in their order, with their headings. */
  readonly labels: Readonly<Record<string, string>>;
  readonly columns: readonly (Query & { readonly unit: string; readonly thresholds?: readonly Threshold[] })[];
  /** Target of a click on the first column. */
  readonly link?: { readonly title: string; readonly url: string };
}

export interface Heatmap extends PanelBase {
  readonly kind: 'heatmap';
  /** Rates of histogram buckets, summed by `le`. */
  readonly query: string;
}

export type Panel = Series | Stat | States | Table | Heatmap;

export interface Variable {
  readonly name: string;
  readonly label: string;
  readonly description: string;
  /** Query to the data source: `label_values(…)`. */
  readonly query: string;
}

export interface Section {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export interface Dashboard {
  /** Fixed, so that links work and an import replaces the previous version. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly Variable[];
  readonly sections: readonly Section[];
}
