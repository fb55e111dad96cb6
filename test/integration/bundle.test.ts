/** What ships is the bundle, not the sources: it must start by itself, take a push and serve. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { GRPC, grpcBackend, statusFrame } from '../../proxy/health/testing.ts';
import { httpBackend, PASSIVE } from '../../proxy/testing.ts';
import { ensureBundles } from '../bench/bundles.ts';
import { startProxy } from '../bench/proxy-process.ts';
import { Scope } from '../bench/scope.ts';
import { until } from '../local-cluster/cluster.ts';

const scope = new Scope();
after(() => scope.end());

test('the bundle of the proxy starts, takes a signed push, serves and is scraped', async () => {
  ensureBundles();
  const backend = await httpBackend((_req, res) => res.end('from the backend'));
  scope.defer(() => backend.close());
  const address = '127.78.0.1';
  await startProxy(scope, {
    ...{ address, port: 8080, accessLog: false },
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

test('it asks gRPC backends for their health, which takes a module that it has not loaded before', async () => {
  ensureBundles();
  const health = await grpcBackend(statusFrame(1));
  const address = '127.78.0.2';
  await startProxy(scope, {
    ...{ address, port: 8080, accessLog: false },
    ...{ backends: ['127.0.0.1'], backendPort: health.port },
    part: { healthCheck: { active: { ...GRPC, interval: 100, timeout: 100 }, passive: PASSIVE } },
  });
  const metrics = async () => (await fetch(`http://${address}:9901/metrics`)).text();
  await until('two probes have passed', 10_000, async () => {
    return /outrigger_health_checks_total\{.*result="passed"\} ([2-9]|\d\d)/.test(await metrics());
  });
  const text = await metrics();
  assert.doesNotMatch(text, /result="failed"/);
  // Apart from traffic.
  assert.doesNotMatch(text, /outrigger_attempts_total\{.*\} [1-9]/);
  assert.match(text, /outrigger_upstream_connections_total\{state="opened"\} 0/);
});
