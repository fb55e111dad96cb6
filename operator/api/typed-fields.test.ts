import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crd, declared } from './test-typed-fields.ts';

test('kubectl explain, which knows no type of theirs, shows what they are in the description', () => {
  for (const [path, type, description] of declared)
    assert.ok(description.startsWith(type === 'int' ? '(number) ' : '(duration) '), `${path}: ${description}`);
});

/** API servers before 1.34 take a field of two types for a text of a whole request. */
test('old API servers can afford the rules', () => {
  const text = 0.1 * 3_145_728; // what they count for reading such a text once
  const rules = [...JSON.stringify(crd).matchAll(/"rule":"((?:[^"\\\\]|\\\\.)*)"/g)].map(([, rule = '']) => rule);
  const matching = rules.map((rule) => {
    const patterns = [...rule.matchAll(/\.matches\('(\^\(\[0-9\][^']*)'\)/g)];
    return patterns.reduce((sum, [, pattern = '']) => sum + text * Math.ceil(pattern.length / 4), 0);
  });
  const asking = declared.map(([path]) => text * (path.includes('[0]') ? 16 : 1));
  const costs = [...matching, ...asking];
  assert.ok(matching.filter((cost) => cost > 0).length > 10);
  assert.ok(Math.max(...costs) < 0.7 * 10_000_000, 'one rule');
  assert.ok(costs.reduce((sum, cost) => sum + cost) < 0.8 * 100_000_000, 'all rules');
});
