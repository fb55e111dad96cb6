import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crd, durations, intOrString, ports } from './test-typed-fields.ts';

test('durations are bounded text for explain, editors and tools that check files, and rules have their form', () => {
  for (const [path, { type, pattern, maxLength, description = '' }] of durations) {
    assert.deepEqual([type, pattern, maxLength], ['string', undefined, 256], path);
    assert.doesNotMatch(description, /^\(/, path);
  }
});

test('ports admit two types; explain, which shows neither, says in the description what they are', () => {
  assert.deepEqual(intOrString, ports);
  for (const [path, { description = '' }] of ports) assert.match(description, /^\(number\) /, path);
});

/** API servers before 1.34 take an int-or-string for a text of a whole request; a string is up to 4 bytes a character. */
test('old API servers can afford the rules', () => {
  const reading = { duration: 0.1 * 4 * 256, port: 0.1 * 3_145_728 }; // what they count for reading such a text once
  const rules = [...JSON.stringify(crd).matchAll(/"rule":"((?:[^"\\]|\\.)*)"/g)].map(([, rule = '']) => rule);
  const matching = rules.map((rule) => {
    const patterns = [...rule.matchAll(/\.matches\('(\^\(\[0-9\][^']*)'\)/g)];
    return patterns.reduce((sum, [, pattern = '']) => sum + reading.duration * Math.ceil(pattern.length / 4), 0);
  });
  const asking = ports.map(([path]) => reading.port * (path.includes('[0]') ? 16 : 1));
  const costs = [...matching, ...asking];
  assert.ok(matching.filter((cost) => cost > 0).length > 10);
  assert.ok(Math.max(...costs) < 0.6 * 10_000_000, 'one rule');
  assert.ok(costs.reduce((sum, cost) => sum + cost) < 0.07 * 100_000_000, 'all rules');
});
