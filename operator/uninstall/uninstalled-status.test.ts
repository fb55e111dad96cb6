import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Condition, LoadBalancerPolicy } from '../api/policy.gen.ts';
import { UNINSTALLED, uninstalledStatus } from './uninstalled-status.ts';

const NOW = Date.parse('2026-01-02T03:04:05.678Z');
const BEFORE = '2026-01-01T00:00:00Z';

function policy(conditions: readonly (readonly [string, Condition['status']])[] | undefined): LoadBalancerPolicy {
  const metadata = { name: 'web', namespace: 'shop', uid: 'u', resourceVersion: '7', generation: 3, creationTimestamp: BEFORE };
  const status = conditions && {
    observedGeneration: 2,
    conditions: conditions.map(([type, state]) => ({
      type,
      status: state,
      reason: 'x',
      message: 'x',
      lastTransitionTime: BEFORE,
    })),
    summary: { endpoints: '3/3', proxies: '2/2' },
  };
  return { metadata, spec: {}, ...(status && { status }) };
}

test('nothing is True any more, and each condition says what to do', () => {
  const served = policy([
    ['Ready', 'True'],
    ['Accepted', 'True'],
    ['ResolvedRefs', 'True'],
    ['Programmed', 'True'],
  ]);
  const { conditions, observedGeneration, proxies, endpoints, summary } = uninstalledStatus(served, NOW);
  assert.deepEqual(
    conditions.map(({ type, status }) => [type, status]),
    [
      ['Ready', 'False'],
      ['Accepted', 'Unknown'],
      ['ResolvedRefs', 'Unknown'],
      ['Programmed', 'False'],
    ],
  );
  for (const condition of conditions) {
    assert.equal(condition.reason, UNINSTALLED);
    assert.match(condition.message, /^Outrigger was uninstalled: .*\. Install the chart again, or delete the policy\.$/);
    assert.deepEqual([condition.observedGeneration, condition.lastTransitionTime], [3, '2026-01-02T03:04:05Z']);
  }
  assert.equal(observedGeneration, 3);
  assert.deepEqual(proxies, { total: 0, programmed: 0 });
  assert.deepEqual(endpoints, { total: 0, ready: 0, healthy: 0 });
  assert.deepEqual(summary, { endpoints: '0/0', proxies: '0/0' });
});

test('a condition that does not change keeps its time, so marking twice is marking once', () => {
  const once = uninstalledStatus(
    policy([
      ['Ready', 'False'],
      ['Reconciling', 'True'],
      ['Stalled', 'True'],
    ]),
    NOW,
  );
  assert.equal(once.conditions.find(({ type }) => type === 'Ready')?.lastTransitionTime, BEFORE);
  assert.ok(!once.conditions.some(({ type }) => type === 'Reconciling' || type === 'Stalled'));
  assert.deepEqual(uninstalledStatus({ ...policy(undefined), status: once }, NOW + 60_000), once);
});

test('a policy that no operator has seen is marked, too', () => {
  assert.equal(uninstalledStatus(policy(undefined), NOW).conditions.length, 4);
});
