import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type TestContext } from 'node:test';
import { runLoad } from './run-load.ts';
import { Scope } from './cleanup.ts';

async function serve(t: TestContext, listener: RequestListener): Promise<{ target: string; connections: () => number }> {
  let connections = 0;
  const server = createServer(listener).on('connection', () => (connections += 1));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { target: `127.0.0.1:${(server.address() as AddressInfo).port}`, connections: () => connections };
}

test('load counts every request once: answered, failed or broken', async (t) => {
  const scope = new Scope();
  t.after(() => scope.end());
  let asked = 0;
  const { target, connections } = await serve(t, (request, response) => {
    asked += 1;
    if (asked === 10) request.socket.resetAndDestroy();
    else if (asked === 20) response.writeHead(500).end();
    else if (asked === 30) response.writeHead(200, { 'content-length': 10 }).write('cut', () => request.socket.resetAndDestroy());
    else if (asked === 40) response.writeHead(404).end();
    else if (asked === 50) response.writeHead(200, { connection: 'close' }).end('last');
    else response.end('hello');
  });
  const report = await runLoad(scope, { targets: [target], connections: 4, seconds: 5, count: 200 });
  assert.equal(asked, 200);
  assert.deepEqual(report.byStatus, { 200: 196, 404: 1 });
  assert.deepEqual(report.byFailure, { reset: 1, status: 1 });
  assert.deepEqual([report.answered, report.failed, report.broken], [197, 2, 1]);
  assert.equal(report.samples.length, 3);
  assert.ok(report.latencyMs.p50 > 0 && report.latencyMs.p99 >= report.latencyMs.p50);
  // Kept alive, but for the three that were cut or closed, and the one that a failure gives up.
  assert.equal(connections(), 4 + 4);
});

test('load goes to the targets in turn, ends in time, and counts a dead target as failures', async (t) => {
  const scope = new Scope();
  t.after(() => scope.end());
  const counts = [0, 0];
  const alive = await Promise.all(
    counts.map((_, i) =>
      serve(t, (_request, response) => {
        counts[i] = (counts[i] ?? 0) + 1;
        response.end('hello');
      }),
    ),
  );
  const targets = [...alive.map(({ target }) => target), '127.0.0.1:1'];
  const report = await runLoad(scope, { targets, connections: 3, seconds: 0.3 });
  assert.ok(counts.every((count) => count > 0));
  assert.deepEqual(
    alive.map(({ connections }) => connections()),
    [1, 1],
  );
  assert.equal(report.answered, (counts[0] ?? 0) + (counts[1] ?? 0));
  assert.ok((report.byFailure.connect ?? 0) > 1 && report.byFailure.connect === report.failed);
  assert.ok(report.seconds >= 0.3 && report.seconds < 2);
});
