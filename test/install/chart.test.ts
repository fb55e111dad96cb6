/** The chart alone: lint, versions, and that its values, their schema and their table agree. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { parse } from 'yaml';
import { LOG_LEVELS as OPERATOR_LEVELS } from '../../operator/observe/log.ts';
import { DOWNSTREAM_ENGINES, UPSTREAM_ENGINES } from '../../proxy/config.ts';
import { LOG_LEVELS as PROXY_LEVELS } from '../../proxy/observe/log.ts';
import { flatten, valuesTable, type Schema } from '../../scripts/chart-values.ts';
import { CHART, find, render, runHelm, whyNoHelm } from './helm.ts';
import type { Rules } from './kinds.ts';

const read = (path: string): string => readFileSync(join(CHART, path), 'utf8');
const schema = JSON.parse(read('values.schema.json')) as Schema;
const values = parse(read('values.yaml')) as Record<string, unknown>;
const generate = (...args: string[]) =>
  spawnSync(process.execPath, [join(CHART, '../../scripts/generate-chart.ts'), ...args], { encoding: 'utf8' });

test('helm lint --strict finds no problems', { skip: whyNoHelm }, () => {
  const { code, out, err } = runHelm(['lint', '--strict', CHART]);
  assert.equal(code, 0, out + err);
  assert.doesNotMatch(out, /WARNING|ERROR/);
});

test('the chart requires Kubernetes 1.31, which takes the rules of its policies', { skip: whyNoHelm }, () => {
  const { kubeVersion } = parse(read('Chart.yaml')) as { kubeVersion: string };
  assert.equal(kubeVersion, '>=1.31.0-0');
  const old = runHelm(['template', 'x', CHART, '--kube-version', '1.30.9']);
  assert.match(old.err, /chart requires kubeVersion: >=1\.31\.0-0 which is incompatible with Kubernetes v1\.30\.9/);
  assert.equal(runHelm(['template', 'x', CHART, '--kube-version', '1.31.1-vendor.3']).code, 0);
});

test('every value has a default and a description, and every default is in the schema', () => {
  const known = flatten(schema, values).filter(({ key }) => key !== 'global');
  for (const { key, schema: of, default: value } of known) {
    assert.notEqual(value, undefined, `${key} is not in values.yaml`);
    assert.match(of.description ?? '', /^[A-Z].*[.:`]$/s, `${key} needs a description`);
  }
  const leaves = (of: unknown, path: string): string[] =>
    known.some(({ key }) => key === path)
      ? [path]
      : Object.entries(of as object).flatMap(([key, value]) => leaves(value, path === '' ? key : `${path}.${key}`));
  assert.deepEqual(leaves(values, '').sort(), known.map(({ key }) => key).sort());
});

test('the schema is strict: a group accepts only the values that it names', () => {
  const groups = (of: Schema, path: string): string[] =>
    of.properties === undefined
      ? []
      : [
          ...('additionalProperties' in of && of.additionalProperties === false ? [] : [`${path} accepts additional values`]),
          ...Object.entries(of.properties).flatMap(([key, value]) => groups(value, `${path}.${key}`)),
        ];
  assert.deepEqual(groups(schema, ''), []);
});

test('the log levels are those of the programs', () => {
  assert.deepEqual(schema.definitions?.['logLevel']?.enum, [...OPERATOR_LEVELS]);
  assert.deepEqual(OPERATOR_LEVELS, PROXY_LEVELS);
});

test('the engines are those of the proxy', () => {
  assert.deepEqual(schema.definitions?.['upstreamEngine']?.enum, ['', ...UPSTREAM_ENGINES]);
  assert.deepEqual(schema.definitions?.['downstreamEngine']?.enum, ['', ...DOWNSTREAM_ENGINES]);
});

test('the table of values has the default, the bounds and the description of each', () => {
  const table = valuesTable(
    {
      properties: {
        a: { properties: { b: { description: 'How many.', minimum: 1, maximum: 9 } } },
        c: { $ref: '#/definitions/kind', description: 'Which | what.' },
      },
      definitions: { kind: { enum: ['x', 'y'], properties: { z: {} } } },
    },
    { a: { b: 3 }, c: 'x' },
  );
  assert.equal(
    table,
    '| value | default | meaning |\n|---|---|---|\n' +
      '| `a.b` | `3` | How many. 1 to 9. |\n| `c` | `"x"` | Which \\| what. `x`, `y`. |',
  );
});

test('the check of generated files passes, and names every file that is out of date without writing it', (t) => {
  assert.deepEqual(generate('--check').stderr, '');
  const copy = mkdtempSync(join(tmpdir(), 'outrigger-chart-'));
  t.after(() => rmSync(copy, { recursive: true }));
  cpSync(CHART, copy, { recursive: true });
  appendFileSync(join(copy, 'files/loadbalancerpolicies.yaml'), '# changed\n');
  appendFileSync(join(copy, 'Chart.yaml'), 'appVersion: "9"\n');
  const schemaFile = join(copy, 'values.schema.json');
  appendFileSync(schemaFile, '');
  const { status, stderr } = generate('--check', '--chart', copy);
  assert.equal(status, 1);
  assert.match(stderr, /loadbalancerpolicies\.yaml is out of date\. Run: node scripts\/generate-chart\.ts/);
  assert.equal(generate('--chart', copy).status, 0);
  assert.equal(readFileSync(join(copy, 'files/loadbalancerpolicies.yaml'), 'utf8'), read('files/loadbalancerpolicies.yaml'));
});

/** Rights that the roles of this name grant, such as `everywhere loadbalancerpolicies/status.outrigger.dev patch`, one for each verb; with a name where limited to one. */
function granted(name: string): string[] {
  const objects = render();
  const roles = {
    everywhere: find<Rules>(objects, 'ClusterRole', name),
    release: find<Rules>(objects, 'Role', name),
  };
  return Object.entries(roles).flatMap(([where, { rules }]) =>
    rules.flatMap(({ apiGroups: [group = ''], resources, verbs, resourceNames = [''] }) =>
      resources.flatMap((resource) =>
        resourceNames.flatMap((one) =>
          verbs.map((verb) => `${where} ${resource}${group && `.${group}`} ${verb}${one && ` ${one}`}`),
        ),
      ),
    ),
  );
}

/** The rights in the table of a section of the README. */
function documented(section: string): string[] {
  const [text = ''] = new RegExp(`(?<=^## ${section}$).*?(?=^## )`, 'ms').exec(read('README.md')) ?? [];
  const rows = [...text.matchAll(/^\| (everywhere|release) \| `([^`]+)` \| ([a-z, ]+) \| (?:`([^`]+)` )?\| .+ \|$/gm)];
  return rows.flatMap(([, where, resource, verbs = '', name]) =>
    verbs.split(', ').map((verb) => `${where} ${resource} ${verb}${name === undefined ? '' : ` ${name}`}`),
  );
}

test('the README has a reason for each right of the operator and of the hook, and for no others', { skip: whyNoHelm }, () => {
  assert.deepEqual(documented('What the operator may do').sort(), granted('outrigger-operator').sort());
  assert.deepEqual(documented('Uninstalling').sort(), granted('outrigger-uninstall').sort());
});
