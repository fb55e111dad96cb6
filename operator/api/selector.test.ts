import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matchesSelector } from './selector.ts';
import type { LabelRequirement } from './policy.gen.ts';

const LABELS = { tier: 'edge', zone: '' };

test('an empty or absent selector selects everything', () => {
  for (const selector of [undefined, {}, { matchLabels: {} }, { matchExpressions: [] }]) {
    assert.ok(matchesSelector(selector, LABELS));
    assert.ok(matchesSelector(selector, undefined));
  }
});

test('every label and every requirement must hold', () => {
  assert.ok(matchesSelector({ matchLabels: { tier: 'edge', zone: '' } }, LABELS));
  assert.ok(!matchesSelector({ matchLabels: { tier: 'edge', zone: 'a' } }, LABELS));
  assert.ok(!matchesSelector({ matchLabels: { other: '' } }, LABELS));
  const matchExpressions: LabelRequirement[] = [{ key: 'tier', operator: 'DoesNotExist' }];
  assert.ok(!matchesSelector({ matchLabels: { tier: 'edge' }, matchExpressions }, LABELS));
});

test('operators', () => {
  const cases: [LabelRequirement, boolean][] = [
    [{ key: 'tier', operator: 'In', values: ['core', 'edge'] }, true],
    [{ key: 'tier', operator: 'In', values: ['core'] }, false],
    [{ key: 'none', operator: 'In', values: ['core'] }, false],
    [{ key: 'tier', operator: 'NotIn', values: ['edge'] }, false],
    [{ key: 'tier', operator: 'NotIn', values: ['core'] }, true],
    [{ key: 'none', operator: 'NotIn', values: ['core'] }, true],
    [{ key: 'zone', operator: 'Exists' }, true],
    [{ key: 'none', operator: 'Exists' }, false],
    [{ key: 'none', operator: 'DoesNotExist' }, true],
    [{ key: 'zone', operator: 'DoesNotExist' }, false],
    [{ key: 'tier', operator: 'Gt' as 'In', values: ['1'] }, false],
  ];
  for (const [requirement, expected] of cases)
    assert.equal(matchesSelector({ matchExpressions: [requirement] }, LABELS), expected, JSON.stringify(requirement));
});
