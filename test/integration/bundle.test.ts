/** The images contain bundles, not the sources: each must start without node_modules and do its work. */
import assert from 'node:assert/strict';
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import { GRPC, grpcBackend, statusFrame } from '../../proxy/health/testing.ts';
import { httpBackend, PASSIVE } from '../../proxy/testing.ts';
import { BUNDLES, ensureBundles } from '../bench/bundles.ts';
import { startServer } from '../bench/child.ts';
import { startProxy } from '../bench/proxy-process.ts';
import { Cleanup } from '../bench/cleanup.ts';
import { startCluster, until } from '../local-cluster/cluster.ts';
import { external } from './platform.ts';

const scope = new Cleanup();
after(() => scope.run());

/** A copy of a bundle in a folder with nothing else in it or above it, as in its image. */
async function alone(bundle: string): Promise<string> {
  ensureBundles();
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-bundle-'));
  scope.defer(() => rm(folder, { recursive: true }));
  await copyFile(bundle, join(folder, basename(bundle)));
  return join(folder, basename(bundle));
}

test('the bundle of the proxy starts, takes a signed push, serves and is scraped', async () => {
  const backend = await httpBackend((_req, res) => res.end('from the backend'));
  scope.defer(() => backend.close());
  const address = '127.78.0.1';
  await startProxy(scope, {
    ...{ program: await alone(BUNDLES.proxy), address, port: 8080, accessLog: false },
    ...{ backends: ['127.0.0.1'], backendPort: backend.port },
  });
  assert.equal(await (await fetch(`http://${address}:8080/`)).text(), 'from the backend');
  const posted = await fetch(`http://${address}:8080/`, { method: 'POST', body: 'x' });
  assert.equal(posted.status, 200);
  const metrics = await (await fetch(`http://${address}:9901/metrics`)).text();
  assert.match(metrics, /outrigger_requests_total\{namespace="default",policy="bench",code="200"\} [2-9]/);
  const page = await (await fetch(`http://${address}:9901/`)).text();
  assert.match(page, /default\/bench/);
  assert.ok(page.includes(`127.0.0.1:${backend.port}`));
});

test('with --access-log-unrouted it logs requests that no policy matches, and those that it refuses, all of them until its end', async () => {
  const address = '127.78.0.3';
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-bundle-'));
  scope.defer(() => rm(folder, { recursive: true }));
  const log = join(folder, 'log');
  const args = ['--access-log-unrouted', '100', '--drain-delay', '0s'];
  const proxy = await startProxy(scope, {
    ...{ program: await alone(BUNDLES.proxy), address, port: 8080, args, log },
    ...{ backends: [], backendPort: 80, route: { hostnames: ['other.test'] } },
  });
  assert.equal((await fetch(`http://${address}:8080/lost?s3cret`)).status, 404);
  assert.equal((await fetch(`http://${address}:8080/%zz?s3cret`)).status, 400);
  const lines = await until('both lines are written', 10_000, async () => {
    const written = (await readFile(log, 'utf8')).split('\n').filter((line) => line.includes('"access":true'));
    return written.length === 2 ? written.map((line) => JSON.parse(line) as Record<string, unknown>) : undefined;
  });
  assert.deepEqual(
    lines.map((line) => [line['url.path'], line['http.response.status_code'], line['reason'], line['url.query']]),
    [
      ['/lost', 404, 'no-route', undefined],
      ['/%zz', 400, 'bad-request', undefined],
    ],
  );
  assert.match(await (await fetch(`http://${address}:9901/metrics`)).text(), /^outrigger_log_lines_dropped_total 0$/m);
  await Promise.all(Array.from({ length: 20 }, (_, i) => fetch(`http://${address}:8080/${i}`)));
  process.kill(proxy.pid, 'SIGTERM');
  assert.equal(await proxy.ended, 0);
  const last = (await readFile(log, 'utf8')).trimEnd().split('\n').slice(-22);
  assert.deepEqual(
    last.map((line) => (JSON.parse(line) as Record<string, unknown>)['msg']),
    [...Array<undefined>(20), 'draining', 'drained'],
  );
});

test('it checks the health of gRPC backends, which needs a module that is loaded on demand', async () => {
  const health = await grpcBackend(statusFrame(1));
  const address = '127.78.0.2';
  await startProxy(scope, {
    ...{ program: await alone(BUNDLES.proxy), address, port: 8080, accessLog: false },
    ...{ backends: ['127.0.0.1'], backendPort: health.port },
    part: { healthCheck: { active: { ...GRPC, interval: 100, timeout: 100 }, passive: PASSIVE } },
  });
  const metrics = async () => (await fetch(`http://${address}:9901/metrics`)).text();
  await until('two probes have passed', 10_000, async () => {
    return /outrigger_health_checks_total\{.*result="passed"\} ([2-9]|\d\d)/.test(await metrics());
  });
  const text = await metrics();
  assert.doesNotMatch(text, /result="failed"/);
  // Health checks do not count as traffic.
  assert.doesNotMatch(text, /outrigger_attempts_total\{.*\} [1-9]/);
  assert.match(text, /outrigger_upstream_connections_total\{state="opened"\} 0/);
});

test(
  'the bundle of the operator reads a cluster, makes its key, leads and is scraped',
  { skip: external.ownCluster },
  async () => {
    const stateDir = await mkdtemp(join(tmpdir(), 'outrigger-bundle-'));
    scope.defer(() => rm(stateDir, { recursive: true, force: true }));
    const cluster = await startCluster({ stateDir });
    scope.defer(() => cluster.stop(0));
    const address = cluster.addresses.take();
    const args = ['--namespace', 'default', '--kubeconfig', cluster.kubeconfigPath, '--bind', address];
    const program = await alone(BUNDLES.operator);
    await startServer(scope, { program, args }, async () => (await fetch(`http://${address}:9801/readyz`)).ok);
    const secret = await cluster.api.get<{ data: object }>('/api/v1/namespaces/default/secrets/outrigger-signing-key');
    assert.deepEqual(Object.keys(secret.data).sort(), ['key.pem', 'keys']);
    const metrics = await (await fetch(`http://${address}:9801/metrics`)).text();
    assert.match(metrics, /^outrigger_operator_leader 1$/m);
  },
);
