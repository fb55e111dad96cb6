/** A dashboard as Grafana's JSON: assigns ids, positions, links and the data source. */
import { panelParts } from './panels.ts';
import type { Dashboard, Panel, Section, Variable } from './model.ts';

/** Schema of Grafana 12; older versions read it as well, newer ones migrate it. */
const SCHEMA_VERSION = 41;
const COLUMNS = 24;
const DEFAULT_WIDTH = 8;
const HEIGHTS: Readonly<Record<Panel['kind'], number>> = { series: 8, stat: 4, states: 8, table: 9, heatmap: 8 };
/** Tag by which dashboards link to each other. */
const TAG = 'outrigger';
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

export function toGrafana(dashboard: Dashboard): object {
  const { uid, title, description, variables, sections } = dashboard;
  return {
    uid,
    title,
    description,
    tags: [TAG],
    schemaVersion: SCHEMA_VERSION,
    version: 1,
    editable: true,
    graphTooltip: 1, // one crosshair for all panels: shows what else happened at that moment
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    timezone: 'browser',
    annotations: { list: [] },
    links: [
      {
        ...{ type: 'dashboards', title: 'Outrigger', tooltip: 'The other dashboards of Outrigger', icon: 'external link' },
        ...{ tags: [TAG], asDropdown: false, includeVars: true, keepTime: true, targetBlank: false, url: '' },
      },
    ],
    templating: { list: [datasource(), ...variables.map(variable)] },
    panels: place(sections),
  };
}

function datasource(): object {
  return {
    ...{ name: 'datasource', label: 'Data source', description: 'The Prometheus that scrapes operator and proxies.' },
    ...{ type: 'datasource', query: 'prometheus', regex: '', hide: 0, refresh: 1, multi: false, includeAll: false },
    ...{ options: [], current: {} },
  };
}

function variable({ name, label, description, query }: Variable): object {
  return {
    ...{ name, label, description, type: 'query', datasource: DATASOURCE, definition: query },
    query: { query, refId: name },
    // 2: refreshed when the time range changes, since policies and pods come and go.
    ...{ regex: '', hide: 0, refresh: 2, sort: 1, multi: true, includeAll: true, allValue: '.*', options: [] },
    current: { text: ['All'], value: ['$__all'] },
  };
}

/** Places panels from left to right, in a new row where they do not fit, with a title above each section. */
function place(sections: readonly Section[]): object[] {
  const placed: object[] = [];
  let id = 0;
  let y = 0;
  for (const { title, panels } of sections) {
    placed.push({ id: ++id, type: 'row', title, collapsed: false, gridPos: { x: 0, y, w: COLUMNS, h: 1 }, panels: [] });
    y += 1;
    let [x, tallest] = [0, 0];
    for (const panel of panels) {
      const w = panel.width ?? DEFAULT_WIDTH;
      const h = panel.height ?? HEIGHTS[panel.kind];
      if (x + w > COLUMNS) [x, y, tallest] = [0, y + tallest, 0];
      placed.push(toPanel(panel, ++id, { x, y, w, h }));
      x += w;
      tallest = Math.max(tallest, h);
    }
    y += tallest;
  }
  return placed;
}

function toPanel(panel: Panel, id: number, gridPos: object): object {
  const { type, targets, ...rest } = panelParts(panel);
  return {
    ...{ id, type, title: panel.title, description: panel.description, gridPos, datasource: DATASOURCE },
    targets: targets.map((target, i) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + i),
      datasource: DATASOURCE,
      ...target,
    })),
    ...rest,
  };
}
