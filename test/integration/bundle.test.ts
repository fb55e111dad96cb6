/** What ships is the bundle, not the sources: it must start by itself, take a push and serve. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { httpBackend } from '../../proxy/testing.ts';
import { ensureBundles } from '../bench/bundles.ts';
import { startProxy } from '../bench/proxy-process.ts';
import { Scope } from '../bench/scope.ts';

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
});
