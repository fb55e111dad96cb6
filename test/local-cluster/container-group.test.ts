import assert from 'node:assert/strict';
import { appendFileSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { until } from './cluster.ts';
import { ContainerGroup } from './container-group.ts';
import { SOURCES } from './images.ts';
import type { ContainerSpec, Pod } from './pod-types.ts';
import { AddressBlock } from './pods.ts';

/** Logs its start and its SIGTERM; answers with the status in `/data/NAME-status` (default 200) after `upAfter` ms. */
const PROGRAM = `
  const [name, upAfter, endAfter] = process.argv.slice(1);
  const fs = require('fs');
  const note = (text) => fs.appendFileSync('/data/events', name + ' ' + text + '\\n');
  process.on('SIGTERM', () => { note('ends'); process.exit(0); });
  note('starts');
  const status = () => { try { return Number(fs.readFileSync('/data/' + name + '-status')); } catch { return 200; } };
  if (upAfter !== 'never') setTimeout(() => {
    require('http').createServer((_, response) => { response.statusCode = status(); response.end(); })
      .listen(8080, process.env.POD_IP, () => note('serves'));
  }, Number(upAfter));
  setInterval(() => undefined, 1000);
  if (endAfter) setTimeout(() => process.exit(Number(endAfter)), 50);`;

function container(name: string, upAfter: string, more: Partial<ContainerSpec> = {}): ContainerSpec {
  return {
    name,
    command: ['node', '-e', PROGRAM, name, upAfter],
    env: [{ name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
    ...more,
  };
}
const probe = (more = {}) => ({ httpGet: { port: 8080 }, periodSeconds: 1, ...more });
/** Exits with this code. */
const brief = (name: string, code: number, more: Partial<ContainerSpec> = {}) =>
  container(name, 'never', { command: ['node', '-e', PROGRAM, name, 'never', String(code)], ...more });

async function group(t: TestContext, spec: Pick<Pod['spec'], 'initContainers' | 'containers' | 'restartPolicy'>) {
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-group-'));
  const addresses = await AddressBlock.claim(undefined);
  await mkdir(join(folder, 'data'));
  const pod: Pod = { metadata: { name: 'p', namespace: 'shop', uid: 'u', resourceVersion: '1' }, spec };
  const place = { podIP: addresses.take(), folder, logs: folder, entryPoints: SOURCES, env: {}, graceMs: 2_000 };
  const containers = new ContainerGroup(pod, place, () => undefined);
  t.after(async () => {
    await containers.stop(0);
    addresses.release();
    await rm(folder, { recursive: true });
  });
  const events = () =>
    readFileSync(join(folder, 'data', 'events'), { encoding: 'utf8', flag: 'a+' })
      .trim()
      .split('\n');
  const setStatus = (name: string, status: number) =>
    appendFileSync(join(folder, 'data', `${name}-status`), String(status), { flag: 'w' });
  return { containers, events, setStatus };
}

test('a sidecar has started before the next container starts, and ends after it', async (t) => {
  const { containers, events } = await group(t, {
    initContainers: [
      brief('init', 0),
      container('first', 'never', { restartPolicy: 'Always' }),
      container('second', '300', { restartPolicy: 'Always', startupProbe: probe({ failureThreshold: 30 }) }),
    ],
    containers: [container('main', 'never')],
  });
  const started = containers.start();
  await until('the sidecars run', 10_000, () => containers.pids().has('second'));
  assert.equal(containers.pids().has('main'), false);
  await started;
  await until('all run', 10_000, () => ['first starts', 'main starts'].every((event) => events().includes(event)));
  assert.deepEqual([...containers.pids().keys()], ['main', 'first', 'second']);
  await containers.stop(5_000);
  // A sidecar without startup probe counts as started when its process is there, so nothing waits for its first output.
  assert.deepEqual(
    events().filter((event) => event !== 'first starts'),
    ['init starts', 'second starts', 'second serves', 'main starts', 'main ends', 'second ends', 'first ends'],
  );
  assert.equal(containers.pids().size, 0);
});

test('an init container that fails is restarted, and delays those after it', async (t) => {
  const { containers, events } = await group(t, { initContainers: [brief('init', 3)], containers: [container('main', 'never')] });
  void containers.start();
  await until('it was restarted', 10_000, () => events().filter((event) => event === 'init starts').length >= 2);
  assert.equal(events().includes('main starts'), false);
  assert.equal(containers.inits.get('init')?.done, false);
  await containers.stop(1_000);
  assert.equal(events().includes('main starts'), false);
});

test('a container whose startup probe never passes is restarted', async (t) => {
  const { containers } = await group(t, {
    containers: [container('main', 'never', { startupProbe: probe({ failureThreshold: 1 }) })],
  });
  void containers.start();
  const main = containers.mains.get('main');
  await until('it was restarted', 10_000, () => main?.container.restarts === 1);
  assert.equal(main?.started, false);
});

test('readiness waits for the startup probe; a failing liveness probe ends the process', async (t) => {
  const probes = {
    startupProbe: probe({ failureThreshold: 30 }),
    livenessProbe: probe({ failureThreshold: 1 }),
    readinessProbe: probe(),
  };
  const { containers, events, setStatus } = await group(t, { containers: [container('main', '100', probes)] });
  await containers.start();
  const main = containers.mains.get('main');
  await until('it is ready', 10_000, () => main?.ready === true);
  setStatus('main', 500);
  await until('it got SIGTERM', 10_000, () => events().includes('main ends'));
  setStatus('main', 200);
  await until('it runs again', 10_000, () => main?.ready === true && main.container.restarts === 1);
});

test('with Never a pod ends when its containers have, its sidecars after them', async (t) => {
  for (const [code, outcome] of [
    [0, 'Succeeded'],
    [3, 'Failed'],
  ] as const) {
    const { containers, events } = await group(t, {
      restartPolicy: 'Never',
      initContainers: [container('sidecar', '0', { restartPolicy: 'Always', startupProbe: probe({ failureThreshold: 30 }) })],
      containers: [brief('main', code)],
    });
    await containers.start();
    await until('it has finished', 10_000, () => containers.outcome !== undefined);
    assert.equal(containers.outcome, outcome);
    assert.equal(containers.mains.get('main')?.container.restarts, 0);
    assert.deepEqual(events().slice(-2), ['main starts', 'sidecar ends']);
    assert.equal(containers.pids().size, 0);
  }
});

test('with Never an init container that fails ends the pod', async (t) => {
  const { containers, events } = await group(t, {
    restartPolicy: 'Never',
    initContainers: [brief('init', 3)],
    containers: [container('main', 'never')],
  });
  await containers.start();
  assert.equal(containers.outcome, 'Failed');
  assert.deepEqual(events(), ['init starts']);
});

test('a pod that is stopped has no outcome', async (t) => {
  const { containers } = await group(t, { restartPolicy: 'Never', containers: [container('main', 'never')] });
  await containers.start();
  await containers.stop(1_000);
  assert.equal(containers.outcome, undefined);
});
