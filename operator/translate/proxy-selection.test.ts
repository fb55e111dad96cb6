import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../api/kubernetes.ts';
import { listProxies } from './proxy-selection.ts';
import { gateway, inventory, SETTINGS } from './testing.ts';

type Status = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number];

function troubleOf(status: Omit<Status, 'name'>): string | undefined {
  const pod = gateway('a');
  const proxyPods = [{ ...pod, status: { ...pod.status, containerStatuses: [{ name: 'outrigger-proxy', ...status }] } }];
  return listProxies(inventory({ proxyPods }), SETTINGS)[0]?.target.trouble;
}

test('the reason of the kubelet for a container that does not run', () => {
  const crashed = { terminated: { reason: 'Error', exitCode: 1 } };
  const cases: [Omit<Status, 'name'>, string | undefined][] = [
    [{}, undefined],
    [{ state: { running: {} }, lastState: crashed }, undefined],
    [{ state: { waiting: { reason: 'ContainerCreating' } } }, undefined],
    [{ state: { waiting: {} } }, undefined],
    [{ state: { terminated: { reason: 'Completed', exitCode: 0 } } }, undefined],
    [{ state: { waiting: { reason: 'ImagePullBackOff' } } }, 'ImagePullBackOff'],
    [{ state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: crashed }, 'CrashLoopBackOff, last exit code 1'],
    [
      { state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated: { reason: 'OOMKilled', exitCode: 137 } } },
      'CrashLoopBackOff, last exit code 137 (OOMKilled)',
    ],
    [{ state: { terminated: { reason: 'OOMKilled', exitCode: 137 } } }, 'OOMKilled, last exit code 137'],
    [{ state: { terminated: { reason: 'Error' } } }, 'Error, last exit code not known'],
  ];
  for (const [status, trouble] of cases) assert.equal(troubleOf(status), trouble, JSON.stringify(status));
});

test('the location of a proxy is its Node, and the zone of that', () => {
  const locationOf = (spec: Pod['spec']) => {
    const proxyPods = [{ ...gateway('a'), spec }];
    return listProxies(inventory({ proxyPods, nodeZones: { n1: 'eu-1a' } }), SETTINGS)[0]?.target.location;
  };
  assert.deepEqual(locationOf({ nodeName: 'n1' }), { zone: 'eu-1a', node: 'n1' });
  assert.deepEqual(locationOf({ nodeName: 'n2' }), { zone: '', node: 'n2' });
  assert.equal(locationOf({}), undefined);
});

test('when a proxy started: its first container, else the pod', () => {
  const startOf = (status: Omit<Status, 'name'> | undefined) => {
    const pod = gateway('a');
    const metadata = { ...pod.metadata, creationTimestamp: '2026-11-22T10:00:00Z' };
    const conditions = [{ type: 'Ready', status: 'False' }];
    const containerStatuses = status && [{ name: 'outrigger-proxy', ...status }];
    const proxyPods = [
      { ...pod, metadata, status: { ...pod.status, conditions, ...(containerStatuses && { containerStatuses }) } },
    ];
    return listProxies(inventory({ proxyPods }), SETTINGS)[0]?.target.started;
  };
  const created = Date.parse('2026-11-22T10:00:00Z');
  const running = { state: { running: { startedAt: '2026-11-22T10:00:07Z' } } };
  assert.equal(startOf(undefined), created);
  assert.equal(startOf({ state: { waiting: { reason: 'ContainerCreating' } } }), created);
  assert.equal(startOf({ state: { running: {} } }), created);
  assert.equal(startOf(running), created + 7000);
  assert.equal(startOf({ ...running, restartCount: 1 }), undefined, 'a restart is not a normal start');
  assert.equal(startOf({ state: { terminated: { reason: 'Completed', exitCode: 0 } } }), undefined);
  assert.equal(startOf({ state: { running: { startedAt: 'soon' } } }), undefined);
});
