/** The dashboards without data: structure, units, descriptions, variables, links and metrics. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test, type TestContext } from 'node:test';
import { Metrics as OperatorMetrics } from '../../operator/observe/metrics.ts';
import { createDataPlane } from '../../proxy/data-plane.ts';
import { exposeLogs } from '../../proxy/observe/log-metrics.ts';
import { LogOutput } from '../../proxy/observe/log-output.ts';
import { dataPanels, readAlerts, readDashboards, type Panel } from './chart-files.ts';

const UNITS = new Set(['reqps', 'ops', 's', 'percentunit', 'short', 'none', 'bytes', 'Bps']);
/** Variables of Grafana itself. */
const BUILT_IN = new Set(['__rate_interval', '__range', '__url_time_range']);
const dashboards = readDashboards();
const unitOf = ({ fieldConfig, options }: Panel) => fieldConfig?.defaults.unit ?? options?.yAxis?.unit;
const sorted = (values: Iterable<string>) => [...new Set(values)].sort();

test('there are three dashboards, each with a fixed uid and links to the others', () => {
  assert.deepEqual([...dashboards.keys()].sort(), ['control-plane.json', 'endpoints.json', 'traffic.json']);
  const all = [...dashboards.values()];
  assert.deepEqual(sorted(all.map(({ uid }) => uid)), ['outrigger-control-plane', 'outrigger-endpoints', 'outrigger-traffic']);
  for (const { links, tags } of all) {
    assert.deepEqual(
      links.map(({ type, tags: to, includeVars }) => ({ type, to, includeVars })),
      [{ type: 'dashboards', to: ['outrigger'], includeVars: true }],
    );
    assert.ok(tags.includes('outrigger'), 'the links of the other dashboards need this tag');
  }
});

for (const [file, dashboard] of dashboards) {
  describe(file, () => {
    const panels = dataPanels(dashboard);
    const text = JSON.stringify(dashboard);

    test('ids and titles are unique; every panel has a description and a unit', () => {
      assert.ok(dashboard.description.length > 20 && dashboard.schemaVersion >= 41);
      assert.equal(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length);
      assert.equal(new Set(panels.map(({ title, type }) => `${type} ${title}`)).size, panels.length);
      for (const panel of panels) {
        assert.ok((panel.description ?? '').length > 20, `${panel.title} has no description`);
        assert.ok(UNITS.has(unitOf(panel) ?? ''), `${panel.title} has the unit ${unitOf(panel)}`);
      }
      for (const variable of dashboard.templating.list) assert.ok((variable.description ?? '').length > 8, variable.name);
    });

    test('panels do not overlap', () => {
      const taken = new Set<string>();
      for (const { title, gridPos } of dashboard.panels) {
        assert.ok(gridPos.x + gridPos.w <= 24, title);
        for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
          for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
            assert.ok(!taken.has(`${x} ${y}`), `${title} overlaps another panel`);
            taken.add(`${x} ${y}`);
          }
        }
      }
    });

    test('the data source is a variable, and variables that are used are defined, and the reverse', () => {
      const names = new Set(dashboard.templating.list.map(({ name }) => name));
      assert.equal(dashboard.templating.list[0]?.type, 'datasource');
      for (const { title, datasource, targets = [] } of panels) {
        assert.ok(targets.length > 0, title);
        for (const of of [{ datasource }, ...targets]) assert.equal(of.datasource?.uid, '${datasource}', title);
      }
      const used = [...text.matchAll(/\$\{?(\w+)/g)].map(([, name]) => name ?? '').filter((name) => !BUILT_IN.has(name));
      assert.deepEqual(
        used.filter((name) => !names.has(name) && name !== '__data' && name !== '__all'),
        [],
      );
      const unused = [...names].filter((name) => !used.includes(name));
      assert.deepEqual(unused, []);
    });

    test('no query has a fixed interval: Grafana knows the scrape interval', () => {
      for (const { title, targets = [] } of panels) {
        for (const { expr } of targets) assert.doesNotMatch(expr, /\[\d+(?:ms|[smhdwy])/, title);
      }
    });

    test('links lead to the dashboards of the chart', () => {
      const uids = new Set([...dashboards.values()].map(({ uid }) => uid));
      for (const [, uid = ''] of text.matchAll(/\/d\/([\w-]+)/g)) assert.ok(uids.has(uid), uid);
    });
  });
}

/** Name and type of every metric that the two processes expose. */
async function exposed(t: TestContext): Promise<ReadonlyMap<string, string>> {
  const plane = createDataPlane({
    ...{ addresses: ['127.0.0.1'], maxConnections: 1, viaName: 'a', makeRequestId: () => '' },
    ...{ record: () => undefined, replied: () => undefined, probed: () => undefined, failed: () => undefined },
    listeners: { rejected: () => undefined, accepted: () => undefined },
    health: { checked: () => undefined, ejected: () => undefined, returned: () => undefined, panic: () => undefined },
  });
  t.after(() => plane.drain(0));
  exposeLogs(plane.metrics.registry, new LogOutput(({ length }) => length));
  const text = `${await plane.metrics.registry.text()}${await new OperatorMetrics().registry.metrics()}`;
  return new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [name, type]));
}

test('the list of metrics in the documentation is complete, and has no others', async (t) => {
  const listed = (await readFile(new URL('../../docs/monitoring.md', import.meta.url), 'utf8')).matchAll(
    /^\| `(outrigger_\w+)` \|/gm,
  );
  const ours = [...(await exposed(t)).keys()].filter((name) => name.startsWith('outrigger_'));
  assert.deepEqual([...listed].map(([, name]) => name).sort(), ours.sort());
});

test('dashboards and alerts use only metrics that exist', async (t) => {
  const known = new Set<string>();
  for (const [name, type] of await exposed(t)) {
    known.add(name);
    if (type === 'histogram' || type === 'summary') for (const part of ['sum', 'count', 'bucket']) known.add(`${name}_${part}`);
  }
  const shown = [...dashboards.values()].flatMap((dashboard) => [
    ...dataPanels(dashboard).flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    ...dashboard.templating.list.map(({ definition = '' }) => definition),
  ]);
  const expressions = [...shown, ...readAlerts().map(({ expr }) => expr)].join('\n');
  const used = sorted([...expressions.matchAll(/\b(?:outrigger|process|nodejs)_\w+/g)].map(([name]) => name));
  assert.ok(used.length > 40);
  assert.deepEqual(
    used.filter((name) => !known.has(name)),
    [],
  );
});
