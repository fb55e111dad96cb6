import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type TestContext } from 'node:test';
import { runLoad } from './run-load.ts';
import { Cleanup } from './cleanup.ts';

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
  const cleanup = new Cleanup();
  t.after(() => cleanup.run());
  let received = 0;
  const { target, connections } = await serve(t, (request, response) => {
    received += 1;
    if (received === 10) request.socket.resetAndDestroy();
    else if (received === 20) response.writeHead(500).end();
    else if (received === 30)
      response.writeHead(200, { 'content-length': 10 }).write('cut', () => request.socket.resetAndDestroy());
    else if (received === 40) response.writeHead(404).end();
    else if (received === 50) response.writeHead(200, { connection: 'close' }).end('last');
    else response.end('hello');
  });
  const report = await runLoad(cleanup, { targets: [target], connections: 4, seconds: 5, count: 200 });
  assert.equal(received, 200);
  assert.deepEqual(report.byStatus, { 200: 196, 404: 1 });
  assert.deepEqual(report.byFailure, { reset: 1, status: 1 });
  assert.deepEqual([report.answered, report.failed, report.broken], [197, 2, 1]);
  assert.equal(report.samples.length, 3);
  assert.ok(report.latencyMs.p50 > 0 && report.latencyMs.p99 >= report.latencyMs.p50);
  // Connections are kept alive, except the three that were reset or closed, and the one that is dropped after a status of 500.
  assert.equal(connections(), 4 + 4);
});

test('load is spread over the targets, ends in time, and counts requests to a dead target as failures', async (t) => {
  const cleanup = new Cleanup();
  t.after(() => cleanup.run());
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
  const report = await runLoad(cleanup, { targets, connections: 3, seconds: 0.3 });
  assert.ok(counts.every((count) => count > 0));
  assert.deepEqual(
    alive.map(({ connections }) => connections()),
    [1, 1],
  );
  assert.equal(report.answered, (counts[0] ?? 0) + (counts[1] ?? 0));
  assert.ok((report.byFailure.connect ?? 0) > 1 && report.byFailure.connect === report.failed);
  assert.ok(report.seconds >= 0.3 && report.seconds < 2);
});

test('a watched process is measured while the load is steady, and failures count in any case', async (t) => {
  const cleanup = new Cleanup();
  t.after(() => cleanup.run());
  let received = 0;
  const { target } = await serve(t, (request, response) => {
    received += 1;
    if (received === 1) request.socket.resetAndDestroy();
    else response.end('hello');
  });
  const before = process.cpuUsage();
  const report = await runLoad(cleanup, { targets: [target], connections: 2, seconds: 0.5, watch: process.pid });
  const { user, system } = process.cpuUsage(before);
  assert.equal(report.byFailure.reset, 1);
  assert.ok(report.answered > 0 && report.answered < received - 1, `${report.answered} of ${received}`);
  assert.equal(report.byStatus[200], report.answered);
  // A timer may be a millisecond early.
  assert.ok(report.seconds > 0.49);
  // Ticks of the kernel are 10 ms.
  const used = report.cpuSeconds ?? NaN;
  assert.ok(used > 0 && used <= (user + system) / 1e6 + 0.02, `${used} s`);
});
