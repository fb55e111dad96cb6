import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type TestContext } from 'node:test';
import { encode, FAILED, summarise, type RateReport } from './rate-report.ts';
import { runConstantRate, startConstantRate } from './run-rate.ts';
import { Cleanup } from './cleanup.ts';

function scopeOf(t: TestContext): Cleanup {
  const cleanup = new Cleanup();
  t.after(() => cleanup.run());
  return cleanup;
}

async function serve(t: TestContext, listener: RequestListener): Promise<{ server: Server; target: string }> {
  const server = createServer({ keepAliveTimeout: 60_000 }, listener);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, target: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

test('latency counts from the intended start, also for requests that wait for an idle connection', async (t) => {
  let received = 0;
  // There is one connection, so requests that are due during the slow response have to wait.
  const { target } = await serve(t, (_request, response) => {
    received += 1;
    if (received === 21) setTimeout(() => response.end(), 400);
    else response.end();
  });
  const report = await runConstantRate(scopeOf(t), { targets: [target], rate: 100, connections: 1, seconds: 1 });
  assert.equal(received, 100);
  assert.deepEqual([report.answered, report.failed, report.broken, report.opened], [100, 0, 0, 1]);
  const whole = summarise(report);
  assert.deepEqual([whole.sent, whole.failed], [100, 0]);
  assert.ok(whole.max >= 399, `${whole.max}`);
  // About 40 requests were due within the 400 ms; a closed loop would have measured one slow response.
  const { startedAt } = report;
  const waiting = summarise(report, startedAt + 195, startedAt + 385);
  assert.equal(waiting.sent, 19);
  assert.ok(waiting.p50 >= 190, `${waiting.p50}`);
  assert.ok(summarise(report, startedAt + 700).p50 < 190);
});

test('anything but a complete response 200 has failed, and is counted in its window', async (t) => {
  let received = 0;
  const { target } = await serve(t, (request, response) => {
    received += 1;
    if (received === 3) request.socket.resetAndDestroy();
    else if (received === 4) response.writeHead(404).end();
    else if (received === 5)
      response.writeHead(200, { 'content-length': 10 }).write('cut', () => request.socket.resetAndDestroy());
    else response.end();
  });
  const report = await runConstantRate(scopeOf(t), { targets: [target], rate: 100, connections: 1, seconds: 0.1 });
  assert.deepEqual(report.byFailure, { reset: 1, status: 1 });
  assert.deepEqual([report.answered, report.failed, report.broken], [7, 2, 1]);
  assert.deepEqual([summarise(report).sent, summarise(report).failed], [10, 3]);
});

test('clients of a Service use the next target when one refuses or closes the connection; other clients do not', async (t) => {
  const served = [0, 0];
  const one = await serve(t, (_request, response) => {
    served[0] = (served[0] ?? 0) + 1;
    response.setHeader('connection', 'close');
    response.end();
  });
  const two = await serve(t, (_request, response) => {
    served[1] = (served[1] ?? 0) + 1;
    response.end();
  });
  const targets = ['127.0.0.1:1', one.target, two.target];
  const options = { targets, rate: 200, connections: 3, seconds: 0.3 };
  const report = await runConstantRate(scopeOf(t), { ...options, service: true });
  assert.deepEqual([report.answered, report.failed], [60, 0]);
  // The first two clients reach the first target that serves, which closes each connection after one response.
  assert.deepEqual(served, [2, 58]);
  const fixed = await runConstantRate(scopeOf(t), options);
  assert.deepEqual(fixed.byFailure, { connect: fixed.failed });
  assert.ok(fixed.failed > 10, `${fixed.failed}`);
});

test('stop ends the load early, and waits for requests in progress', async (t) => {
  const { target } = await serve(t, (_request, response) => void setTimeout(() => response.end(), 100));
  const rate = await startConstantRate(scopeOf(t), { targets: [target], rate: 100, connections: 50, seconds: 60 });
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.ok(rate.running);
  const report = await rate.stop();
  assert.ok(!rate.running);
  assert.equal(report.failed, 0);
  assert.ok(report.answered >= 25 && report.answered < 1000, `${report.answered}`);
});

test('a window without successful requests has no quantiles', () => {
  const report = { startedAt: 1000, requests: encode([0, 5, 10, FAILED]) } as RateReport;
  assert.deepEqual(summarise(report, 1010), { sent: 1, failed: 1, p50: NaN, p99: NaN, p999: NaN, max: NaN });
  assert.deepEqual(summarise(report, 0, 1010), { sent: 1, failed: 0, p50: 5, p99: 5, p999: 5, max: 5 });
});
