/** The alerts: they are well-formed, fire when they must and not otherwise, and the runbook has a section for each. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import { problemWith } from '../integration/prometheus.ts';
import { CASES, type Case } from './alert-cases.ts';
import { readAlerts, RULES, type Alert } from './chart-files.ts';

const RUNBOOK = 'docs/runbook.md';
const PARTS = ['Means', 'Users feel', 'Look', 'Do'];
const run = promisify(execFile);
const alerts = readAlerts();
const names = alerts.map(({ alert }) => alert);
const skip = problemWith('promtool') ?? false;
const readRunbook = () => readFile(join(import.meta.dirname, '../..', RUNBOOK), 'utf8');

test('every alert has a severity, a summary, a description and a link to the runbook', () => {
  assert.ok(alerts.length >= 8);
  assert.equal(new Set(names).size, names.length);
  for (const { alert, labels, annotations } of alerts) {
    assert.match(alert, /^Outrigger[A-Z]/);
    assert.match(labels['severity'] ?? '', /^(critical|warning)$/, alert);
    assert.deepEqual(Object.keys(annotations), ['summary', 'description', 'runbook'], alert);
    assert.ok((annotations['description'] ?? '').length > 40, alert);
    assert.equal(annotations['runbook'], `${RUNBOOK}#${alert.toLowerCase()}`);
  }
});

test('the runbook has a section for each alert, in the same order, and for nothing else', async () => {
  const text = await readRunbook();
  const sections = text.split(/^## /m).slice(1);
  assert.deepEqual(
    sections.map((section) => section.split('\n')[0]),
    names,
  );
  for (const section of sections) {
    const parts = [...section.matchAll(/^\*\*(.+?)\*\*:/gm)].map(([, part]) => part);
    assert.deepEqual(parts, PARTS, section.split('\n')[0]);
  }
});

test('the links of the runbook work', async () => {
  for (const [, anchor = ''] of (await readRunbook()).matchAll(/\]\(#([\w-]+)\)/g)) {
    assert.ok(
      names.some((name) => name.toLowerCase() === anchor),
      anchor,
    );
  }
});

test('the runbook says what to do about every reason for which a policy is not ready', async () => {
  const rules = await readFile(join(import.meta.dirname, '../../docs/policy-rules.md'), 'utf8');
  const rows = [...rules.matchAll(/^\|.*\bFalse, .*$/gm)].map(([row]) => row.split('|').find((cell) => cell.includes('False, ')));
  const reasons = new Set(rows.flatMap((cell = '') => [...cell.matchAll(/`(\w+)`/g)].map(([, reason = '']) => reason)));
  const conflicts = rules.split('## Conflicts')[1]?.split('\n\n## ')[0] ?? '';
  for (const [, reason = ''] of conflicts.matchAll(/\| `(\w+)` \|$/gm)) reasons.add(reason);
  // Programmed is Pending while Ready is Unknown, and Invalid where Accepted has the reason.
  for (const other of ['Accepted', 'ResolvedRefs', 'Programmed', 'Pending', 'Invalid']) reasons.delete(other);
  assert.ok(reasons.size >= 16, [...reasons].join());
  const section = (await readRunbook()).split('## OutriggerPolicyNotReady')[1]?.split('\n## ')[0] ?? '';
  const cells = [...section.matchAll(/^\| (.+?) \|/gm)].map(([, cell]) => cell).join();
  assert.deepEqual(
    [...reasons].filter((reason) => !cells.includes(`\`${reason}\``)),
    [],
  );
});

test('promtool finds no problems in the rules', { skip }, async () => {
  const { stdout } = await run('promtool', ['check', 'rules', '--lint-fatal', RULES]);
  assert.match(stdout, new RegExp(`SUCCESS: ${alerts.length} rules found`));
});

test('every alert fires when it must, with its summary, and not otherwise', { skip }, async (t) => {
  assert.deepEqual(Object.keys(CASES), names, 'a case for each alert');
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-alerts-'));
  t.after(() => rm(folder, { recursive: true }));
  const tests = alerts.flatMap((alert) => testsOf(alert, CASES[alert.alert] as Case));
  const file = join(folder, 'test.json');
  await writeFile(file, JSON.stringify({ rule_files: [RULES], evaluation_interval: '1m', tests }));
  await run('promtool', ['test', 'rules', file]).catch((error: unknown) => {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    assert.fail(`${stdout}\n${stderr}`);
  });
});

/** Tests of an alert in promtool's format; JSON is valid YAML. */
function testsOf({ alert, labels, annotations }: Alert, { fires, labels: own, summary, quiet, minutes = 30 }: Case): object[] {
  const expected = { exp_labels: { ...labels, ...own }, exp_annotations: { ...annotations, summary } };
  const one = (series: Case['fires'], alertsThen: readonly object[]) => ({
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    alert_rule_test: [{ eval_time: `${minutes}m`, alertname: alert, exp_alerts: alertsThen }],
  });
  return [one(fires, [expected]), ...quiet.map((series) => one(series, []))];
}

test('the alert for a missing leader also fires without any operator', { skip }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-alerts-'));
  t.after(() => rm(folder, { recursive: true }));
  const leader = alerts.find(({ alert }) => alert === 'OutriggerNoLeader') as Alert;
  const tests = testsOf(leader, { fires: {}, labels: {}, summary: 'No operator leads', quiet: [] });
  const file = join(folder, 'test.json');
  await writeFile(file, JSON.stringify({ rule_files: [RULES], evaluation_interval: '1m', tests }));
  await run('promtool', ['test', 'rules', file]);
});
