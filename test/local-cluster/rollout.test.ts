import assert from 'node:assert/strict';
import test from 'node:test';
import type { Pod } from './pod-types.ts';
import { HASH_LABEL, plan, templateHash, type Deployment } from './rollout.ts';

const NOW = Date.parse('2026-01-01T00:01:00Z');
const meta = (name: string) => ({ name, namespace: 'shop', uid: `uid-${name}`, resourceVersion: '1' });

function deployment(
  replicas: number,
  strategy: Deployment['spec']['strategy'] = {},
  more: Partial<Deployment['spec']> = {},
): Deployment {
  const template = { spec: { containers: [{ name: 'c', image: 'x:2' }] } };
  return { metadata: { ...meta('web'), generation: 3 }, spec: { replicas, selector: {}, template, strategy, ...more } };
}
const rolling = (maxSurge: number | string, maxUnavailable: number | string) => ({
  type: 'RollingUpdate',
  rollingUpdate: { maxSurge, maxUnavailable },
});

/** `n`: of the new template; `o`: of an older one; upper case: ready; `x`: being deleted; `f`: failed. */
function pods(of: Deployment, kinds: string): Pod[] {
  return [...kinds].map((letter, i) => {
    const kind = letter.toLowerCase();
    const ready = letter !== kind ? 'True' : 'False';
    return {
      metadata: {
        ...meta(`${letter}${i}`),
        creationTimestamp: `2026-01-01T00:00:${String(i).padStart(2, '0')}Z`,
        labels: { [HASH_LABEL]: kind === 'n' ? templateHash(of) : 'older' },
        ...(kind === 'x' ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
      },
      spec: { containers: [] },
      status: {
        phase: kind === 'f' ? 'Failed' : 'Running',
        conditions: [{ type: 'Ready', status: ready, lastTransitionTime: '2026-01-01T00:00:50Z' }],
      },
    };
  });
}

/** The step, as `+CREATED -REMOVED…`. */
function steps(of: Deployment, kinds: string): string {
  const { create, remove } = plan(of, pods(of, kinds), NOW);
  return [`+${create}`, ...remove.map(({ metadata }) => `-${metadata.name}`)].join(' ');
}

test('a rolling update surges first, and deletes an old pod when enough others are ready', () => {
  const table: [Deployment, string, string][] = [
    [deployment(3), '', '+3'],
    [deployment(2, rolling(1, 0)), 'OO', '+1'],
    [deployment(2, rolling(1, 0)), 'OOn', '+0'],
    [deployment(2, rolling(1, 0)), 'OON', '+0 -O1'],
    [deployment(2, rolling(1, 0)), 'ONx', '+1'],
    [deployment(2, rolling(1, 0)), 'ONN', '+0 -O0'],
    [deployment(2, rolling(1, 0)), 'NN', '+0'],
    [deployment(4, rolling(0, '50%')), 'OOOO', '+0 -O3 -O2'],
    [deployment(4, rolling('25%', '25%')), 'OOOO', '+1 -O3'],
    [deployment(1, rolling(0, 0)), 'O', '+0 -O0'],
    [deployment(3, rolling(1, 0)), 'OOo', '+1'],
    [deployment(3, rolling(1, 0)), 'OOoN', '+0 -o2'],
    [deployment(2, rolling(1, 0)), 'Of', '+2'],
  ];
  for (const [of, kinds, expected] of table) assert.equal(steps(of, kinds), expected, `${of.spec.replicas} of ${kinds}`);
});

test('scaling down deletes pods that are not ready, then the youngest', () => {
  assert.equal(steps(deployment(1), 'NnN'), '+0 -n1 -N2');
  assert.equal(steps(deployment(0), 'N'), '+0 -N0');
  assert.equal(steps(deployment(2), 'Nxf'), '+1');
});

test('Recreate ends all old pods before it creates a new one', () => {
  const recreate = { type: 'Recreate' };
  assert.equal(steps(deployment(2, recreate), 'OO'), '+0 -O0 -O1');
  assert.equal(steps(deployment(2, recreate), 'xx'), '+0');
  assert.equal(steps(deployment(2, recreate), 'n'), '+1');
});

test('a pod is available once it was ready for minReadySeconds', () => {
  assert.equal(steps(deployment(1, rolling(1, 0), { minReadySeconds: 5 }), 'ON'), '+0 -O0');
  assert.equal(steps(deployment(1, rolling(1, 0), { minReadySeconds: 30 }), 'ON'), '+0');
});

test('the status counts pods and reports the progress of the update', () => {
  const of = deployment(2, rolling(1, 0));
  const { status, complete } = plan(of, pods(of, 'OnN'), NOW);
  const { conditions, ...counts } = status;
  assert.deepEqual(counts, {
    ...{ observedGeneration: 3, replicas: 3, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2, unavailableReplicas: 1 },
  });
  const short = conditions?.map(({ type, status: value, reason }) => `${type}=${value} ${reason}`);
  assert.deepEqual(short, ['Available=True MinimumReplicasAvailable', 'Progressing=True ReplicaSetUpdated']);
  assert.equal(complete, false);
  const done = plan(of, pods(of, 'NN'), NOW);
  assert.equal(done.complete, true);
  assert.equal(done.status.conditions?.[1]?.reason, 'NewReplicaSetAvailable');
});

test('no progress for progressDeadlineSeconds is a condition, as is a refused pod; conditions keep their times', () => {
  const of = deployment(1, rolling(1, 0), { progressDeadlineSeconds: 30 });
  const first = plan(of, pods(of, 'n'), NOW).status;
  const later = plan({ ...of, status: first }, pods(of, 'n'), NOW + 20_000).status;
  assert.deepEqual(later, first);
  const late = plan({ ...of, status: later }, pods(of, 'n'), NOW + 40_000, 'denied by x').status.conditions;
  assert.deepEqual(
    late?.map(({ type, status, reason }) => `${type}=${status} ${reason}`),
    [
      'Available=False MinimumReplicasUnavailable',
      'Progressing=False ProgressDeadlineExceeded',
      'ReplicaFailure=True FailedCreate',
    ],
  );
  assert.equal(late?.[2]?.message, 'denied by x');
});
