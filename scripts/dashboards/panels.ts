/** How each kind of panel is drawn. */
import type { Heatmap, Panel, Query, Series, Stat, States, Table, Threshold } from './model.ts';

interface Parts {
  readonly type: string;
  readonly targets: readonly object[];
  readonly fieldConfig: { readonly defaults: object; readonly overrides: readonly object[] };
  readonly options: object;
  readonly transformations?: readonly object[];
}

export function panelParts(panel: Panel): Parts {
  switch (panel.kind) {
    case 'series':
      return series(panel);
    case 'stat':
      return stat(panel);
    case 'states':
      return states(panel);
    case 'table':
      return table(panel);
    case 'heatmap':
      return heatmap(panel);
  }
}

/** Grafana needs a colour for values below the first threshold, too. */
function thresholds(steps: readonly Threshold[] = []): object {
  const [first, ...rest] = steps.length > 0 ? steps : ([[0, 'green']] as const);
  return {
    mode: 'absolute',
    steps: [{ color: first?.[1], value: null }, ...rest.map(([value, color]) => ({ color, value }))],
  };
}

const range = ({ expr, legend }: Query) => ({ expr, legendFormat: legend, range: true });

function series({ unit, queries, stacked = false, max, logarithmic = false, thresholds: steps }: Series): Parts {
  const custom = {
    ...{ drawStyle: 'line', lineWidth: 1, fillOpacity: stacked ? 30 : 8, showPoints: 'never', spanNulls: false },
    stacking: { mode: stacked ? 'normal' : 'none', group: 'A' },
    scaleDistribution: logarithmic ? { type: 'log', log: 10 } : { type: 'linear' },
    thresholdsStyle: { mode: steps ? 'line' : 'off' },
  };
  const defaults = { unit, min: 0, ...(max !== undefined && { max }), custom, thresholds: thresholds(steps) };
  return {
    type: 'timeseries',
    targets: queries.map(range),
    fieldConfig: { defaults: logarithmic ? { ...defaults, min: undefined } : defaults, overrides: [] },
    options: {
      legend: { showLegend: true, displayMode: 'table', placement: 'bottom', calcs: ['lastNotNull', 'max'] },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
  };
}

function stat({ unit, query, thresholds: steps, names }: Stat): Parts {
  const options = Object.fromEntries(Object.entries(names ?? {}).map(([value, text]) => [value, { text }]));
  const mappings = names ? [{ type: 'value', options }] : [];
  return {
    type: 'stat',
    targets: [{ expr: query, legendFormat: '', range: true }],
    fieldConfig: { defaults: { unit, mappings, thresholds: thresholds(steps) }, overrides: [] },
    options: {
      reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
      ...{ colorMode: 'value', graphMode: 'area', justifyMode: 'auto', textMode: 'value', orientation: 'auto' },
    },
  };
}

function states({ unit, queries, names }: States): Parts {
  const options = Object.fromEntries(Object.entries(names).map(([value, { text, colour: color }]) => [value, { text, color }]));
  return {
    type: 'state-timeline',
    targets: queries.map(range),
    fieldConfig: {
      defaults: {
        unit,
        custom: { fillOpacity: 70, lineWidth: 0 },
        mappings: [{ type: 'value', options }],
        thresholds: thresholds(),
      },
      overrides: [],
    },
    options: {
      ...{ mergeValues: true, showValue: 'auto', alignValue: 'left', rowHeight: 0.9 },
      legend: { showLegend: false, displayMode: 'list', placement: 'bottom' },
      tooltip: { mode: 'single', sort: 'none' },
    },
  };
}

/** Queries are joined by their labels; Grafana calls the value of the first one `Value #A`. */
function table({ unit, labels, columns, link }: Table): Parts {
  const value = (i: number) => `Value #${String.fromCharCode('A'.charCodeAt(0) + i)}`;
  const order = [...Object.keys(labels), ...columns.map((_, i) => value(i))];
  const names = { ...labels, ...Object.fromEntries(columns.map(({ legend }, i) => [value(i), legend])) };
  const override = (name: string, properties: Readonly<Record<string, unknown>>) => ({
    matcher: { id: 'byName', options: name },
    properties: Object.entries(properties).map(([id, setting]) => ({ id, value: setting })),
  });
  const coloured = { type: 'color-text' };
  const first = Object.values(labels)[0] ?? '';
  return {
    type: 'table',
    targets: columns.map(({ expr }) => ({ expr, legendFormat: '', format: 'table', instant: true, range: false })),
    fieldConfig: {
      defaults: { unit, custom: { align: 'auto', filterable: true }, thresholds: thresholds() },
      overrides: [
        ...columns.map(({ legend, unit: own, thresholds: steps }) =>
          override(legend, { unit: own, ...(steps && { 'custom.cellOptions': coloured, thresholds: thresholds(steps) }) }),
        ),
        ...(link ? [override(first, { links: [{ ...link, targetBlank: false }] })] : []),
      ],
    },
    options: { showHeader: true, cellHeight: 'sm', footer: { show: false, reducer: ['sum'], fields: '', countRows: false } },
    transformations: [
      { id: 'merge', options: {} },
      {
        id: 'organize',
        options: {
          excludeByName: { Time: true },
          indexByName: Object.fromEntries(order.map((name, i) => [name, i])),
          renameByName: names,
        },
      },
    ],
  };
}

function heatmap({ unit, query }: Heatmap): Parts {
  return {
    type: 'heatmap',
    targets: [{ expr: query, legendFormat: '{{le}}', format: 'heatmap', range: true }],
    fieldConfig: { defaults: { custom: { scaleDistribution: { type: 'linear' } } }, overrides: [] },
    options: {
      ...{ calculate: false, cellGap: 1, yAxis: { unit, axisPlacement: 'left' }, rowsFrame: { layout: 'auto' } },
      color: { mode: 'scheme', scheme: 'Oranges', exponent: 0.5, fill: 'dark-orange', steps: 64 },
      ...{ filterValues: { le: 1e-9 }, legend: { show: true }, showValue: 'never' },
      tooltip: { mode: 'single', yHistogram: false, showColorScale: false },
    },
  };
}
