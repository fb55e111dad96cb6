import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { parse } from 'yaml';
import { crd } from './test-typed-fields.ts';

/**
 * The first minor version of Kubernetes 1 that takes a new rule which calls a function: the one after that in which the function came, so
 * that an API server can be rolled back. Those of 1.25, where rules came, need no such care.
 */
const TAKEN_FROM: Readonly<Record<string, number>> = {
  ...{ has: 25, all: 25, exists: 25, exists_one: 25, size: 25, type: 25, int: 25, duration: 25 },
  ...{ matches: 25, contains: 25, endsWith: 25, lowerAscii: 25, substring: 25 },
  isCIDR: 31,
};
/** `fieldPath` of a rule. */
const FIELD_PATH_FROM = 28;

/** What rules call, without what they only quote. */
function calledIn(rule: string): string[] {
  const quoted = /'(?:\\.|[^'\\])*'/g;
  return [...rule.replace(quoted, "''").matchAll(/\b(\w+)\(/g)].map(([, name = '']) => name);
}

test('the chart asks for the oldest Kubernetes that takes every rule of the schema, and for no newer one', async () => {
  const called = new Set<string>();
  JSON.stringify(crd, (key, value: unknown) => {
    if (key === 'rule' && typeof value === 'string') for (const name of calledIn(value)) called.add(name);
    return value;
  });
  assert.deepEqual([...called].sort(), Object.keys(TAKEN_FROM).sort());
  const oldest = Math.max(FIELD_PATH_FROM, ...Object.values(TAKEN_FROM));
  const chart = await readFile(new URL('../../charts/outrigger/Chart.yaml', import.meta.url), 'utf8');
  assert.equal((parse(chart) as { kubeVersion: string }).kubeVersion, `>=1.${oldest}.0-0`);
});
