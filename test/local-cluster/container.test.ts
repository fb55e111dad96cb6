import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { until } from './cluster.ts';
import { Container } from './container.ts';
import { PROXY_NODE_FLAGS } from '../../scripts/node-flags.ts';
import { expand, type Surroundings } from './expand.ts';
import { BUNDLES, SOURCES } from './images.ts';
import type { Pod } from './pod-types.ts';

const pod: Pod = {
  metadata: { name: 'a', namespace: 'shop', uid: 'u1', resourceVersion: '1' },
  spec: { containers: [] },
};

const nowhere: Surroundings = { podIP: '127.1.0.7', mounts: new Map(), entryPoints: SOURCES, env: {} };

test('command, arguments and environment: fields of the pod, variables, and mounts as real paths', () => {
  const container = {
    name: 'c',
    command: ['node', '$(MAIN)'],
    args: ['--bind=$(IP)', '--cost=$$5', '--keep=$(UNKNOWN)', '--keys', '/etc/trust/keys'],
    env: [
      { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
      { name: 'UID', valueFrom: { fieldRef: { fieldPath: 'metadata.uid' } } },
      { name: 'WHO', value: '$(UID)@$(IP)' },
      { name: 'STATE', value: '/var/lib/state/x' },
      { name: 'MAIN', value: 'main.ts' },
    ],
  };
  const mounts = new Map([
    ['/etc/trust', '/tmp/p/trust'],
    ['/var/lib', '/tmp/p/lib'],
    ['/var/lib/state', '/tmp/p/state'],
  ]);
  assert.deepEqual(expand(pod, container, { ...nowhere, mounts }), {
    argv: ['node', 'main.ts', '--bind=127.1.0.7', '--cost=$5', '--keep=$(UNKNOWN)', '--keys', '/tmp/p/trust/keys'],
    env: { IP: '127.1.0.7', UID: 'u1', WHO: 'u1@127.1.0.7', STATE: '/tmp/p/state/x', MAIN: 'main.ts' },
  });
});

test('every container gets the environment of the pod, and may override it', () => {
  const container = { name: 'c', command: ['x', '$(A)$(B)'], env: [{ name: 'B', value: 'own' }] };
  const { argv, env } = expand(pod, container, { ...nowhere, env: { A: 'given', B: 'given' } });
  assert.deepEqual({ argv, env }, { argv: ['x', 'givenown'], env: { A: 'given', B: 'own' } });
});

test('images of the project have entry points, whatever their tag; others need a command', () => {
  const args = ['--port', '80'];
  for (const image of ['outrigger/sample-backend', 'outrigger/sample-backend:1.2', 'outrigger/sample-backend@sha256:00']) {
    const { argv } = expand(pod, { name: 'c', image, args }, nowhere);
    assert.deepEqual(argv, ['node', 'test/local-cluster/sample-backend.ts', '--port', '80']);
  }
  const mounts = new Map([['/etc/outrigger/trust', '/tmp/p/trust']]);
  const { argv } = expand(pod, { name: 'c', image: 'outrigger/proxy:1', args }, { ...nowhere, mounts, entryPoints: BUNDLES });
  const files = ['--trust-file', '/tmp/p/trust/keys', '--state-dir', '/var/lib/outrigger'];
  assert.deepEqual(argv, ['node', ...PROXY_NODE_FLAGS, 'dist/proxy.mjs', ...files, '--port', '80']);
  assert.throws(() => expand(pod, { name: 'c', image: 'example.org/other:1', args }, nowhere), /give the container a command/);
});

test('fields of the pod; an unsupported one is an error', () => {
  const value = (fieldPath: string, of = pod) =>
    expand(of, { name: 'c', command: ['x'], env: [{ name: 'X', valueFrom: { fieldRef: { fieldPath } } }] }, nowhere).env['X'];
  const labelled = { ...pod, metadata: { ...pod.metadata, labels: { 'a.b/c': 'd' } }, spec: { ...pod.spec, nodeName: 'n1' } };
  assert.equal(value("metadata.labels['a.b/c']", labelled), 'd');
  assert.equal(value("metadata.annotations['a.b/c']", labelled), '');
  assert.equal(value('spec.nodeName', labelled), 'n1');
  assert.throws(() => value('spec.hostname'), /spec\.hostname is not supported/);
});

async function start(t: TestContext, script: string): Promise<{ container: Container; states: string[]; log: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-container-'));
  const log = join(folder, 'log');
  const states: string[] = [];
  const container = new Container({ argv: ['node', '-e', script], env: {} }, log, () =>
    states.push(Object.keys(container.state)[0] ?? ''),
  );
  t.after(async () => {
    await container.stop(0);
    await rm(folder, { recursive: true });
  });
  container.start();
  return { container, states, log };
}

test('a container that ends is restarted with a growing delay under a new id; its output is kept', async (t) => {
  const { container, states, log } = await start(t, 'console.log("here"); process.exit(3)');
  await until('two restarts', 5_000, () => container.restarts >= 2 && container.running);
  assert.deepEqual(states.slice(0, 4), ['running', 'terminated', 'waiting', 'running']);
  assert.deepEqual(container.lastState && 'waiting' in container.lastState, false);
  assert.match(JSON.stringify(container.lastState), /"exitCode":3/);
  assert.match(await readFile(log, 'utf8'), /here\nhere\n/);
});

test('a killed process is reported with its signal, and restarted', async (t) => {
  const { container } = await start(t, 'setInterval(() => undefined, 1000)');
  const { id, pid = 0 } = container;
  process.kill(pid, 'SIGKILL');
  await until('it runs again', 5_000, () => container.restarts === 1 && container.running);
  assert.match(JSON.stringify(container.lastState), /"exitCode":137,"signal":9/);
  assert.notEqual(container.id, id);
});

test('stop: SIGTERM first, SIGKILL when the grace period is over, and no restart', async (t) => {
  const { container, log } = await start(
    t,
    'process.on("SIGTERM", () => console.log("asked")); setInterval(() => undefined, 1000); console.log("up")',
  );
  await until('it is up', 5_000, async () => (await readFile(log, 'utf8')).includes('up'));
  const pid = container.pid ?? 0;
  const began = performance.now();
  await container.stop(200);
  const took = performance.now() - began;
  assert.ok(took >= 190 && took < 2_000, `took ${took} ms`);
  assert.match(await readFile(log, 'utf8'), /asked/);
  assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  assert.equal(container.restarts, 0);
  assert.match(JSON.stringify(container.state), /"signal":9/);
});

test('a command that does not exist is retried, and does not crash the runner', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-container-'));
  const container = new Container({ argv: ['outrigger-no-such-command'], env: {} }, join(folder, 'log'), () => undefined);
  t.after(async () => {
    await container.stop(0);
    await rm(folder, { recursive: true });
  });
  container.start();
  await until('a restart', 5_000, () => container.restarts >= 1);
});
