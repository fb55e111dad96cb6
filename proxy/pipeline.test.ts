/** Retries, bodies, timeouts, splits and ejection, with real backends that misbehave. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import {
  closedPort,
  endpoint,
  eventually,
  get,
  httpBackend,
  rawBackend,
  rawRequest,
  scriptedBackend,
  opener,
  statusOf,
} from './testing.ts';
import type { Backend } from './testing.ts';

const { start, track } = opener();
async function named(name: string): Promise<Backend> {
  return track(
    await httpBackend((req, res) => {
      let body = '';
      req.on('data', (chunk: Buffer) => (body += chunk.toString())).on('end', () => res.end(`${name} ${body.length}`));
    }),
  );
}
async function failing(status: number): Promise<Backend> {
  return track(
    await httpBackend((req, res) => {
      req.resume();
      res.writeHead(status).end(`failed with ${status}`);
    }),
  );
}
function post(port: number, body: string, method = 'POST'): Promise<string> {
  return rawRequest(
    port,
    `${method} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}
const NO_EJECTION = {
  part: { healthCheck: { passive: { consecutiveConnectFailures: 1000, baseEjectionTime: 1000, maxEjectionPercent: 100 } } },
};

test('a refused connection is tried elsewhere, for every method, with the whole body', async () => {
  const good = await named('good');
  const proxy = await start({ endpoints: [endpoint(await closedPort()), endpoint(good.port)], ...NO_EJECTION });
  for (let i = 0; i < 4; i++) assert.match(await post(proxy.port, 'x'.repeat(1000)), /200 OK[\s\S]*good 1000/);
  assert.ok(proxy.records.some((r) => r.tries === 2));
});

test('a body that is sent while the pause before the next try lasts reaches that try whole', async () => {
  let heads = 0;
  const backend = await httpBackend((req, res) => {
    let bytes = 0;
    req.on('data', (chunk: Buffer) => (bytes += chunk.length)).on('end', () => res.end(`whole ${bytes}`));
    // Before the body.
    if (++heads % 2 === 1) res.writeHead(503).end();
  });
  const retry = { sameEndpoint: 1, backOff: { base: 1000, max: 1000 } };
  const proxy = await start({ endpoints: [endpoint(track(backend).port)], retry, ...NO_EJECTION });
  const body = 'x'.repeat(100_000);
  const chunk = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  for (const [i, [framing, bytes]] of [
    ['Content-Length: 100000', body] as const,
    ['Transfer-Encoding: chunked', chunk] as const,
  ].entries()) {
    const retried = `outrigger_retries_total{namespace="default",policy="p",reason="gateway-error"} ${i + 1}`;
    const socket = connect(proxy.port, '127.0.0.1');
    let answer = '';
    socket.setEncoding('latin1').on('data', (text: string) => (answer += text));
    socket.write(`PUT / HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n`);
    while (!(await proxy.metrics()).includes(retried)) await new Promise((resolve) => setTimeout(resolve, 5));
    socket.write(bytes);
    await eventually(() => answer.endsWith('whole 100000'));
    socket.destroy();
  }
});

test('a refused connection does not lose a body larger than bufferLimit: none of it was read yet', async () => {
  const good = await named('good');
  const proxy = await start({
    endpoints: [endpoint(await closedPort()), endpoint(good.port)],
    retry: { bufferLimit: 10 },
    ...NO_EJECTION,
  });
  for (let i = 0; i < 2; i++) assert.match(await post(proxy.port, 'x'.repeat(300_000)), /good 300000/);
});

test('QUERY, PROPFIND, REPORT and SEARCH are sent again after a reset, with their whole body; LOCK is not', async () => {
  const good = await named('good');
  const bad = track(await rawBackend((socket) => socket.on('data', () => socket.resetAndDestroy())));
  const proxy = await start({ endpoints: [endpoint(bad.port), endpoint(good.port)], ...NO_EJECTION });
  for (const method of ['QUERY', 'PROPFIND', 'REPORT', 'SEARCH'])
    for (let i = 0; i < 2; i++) assert.match(await post(proxy.port, 'hello', method), /good 5/, method);
  const locks = [await post(proxy.port, 'hello', 'LOCK'), await post(proxy.port, 'hello', 'LOCK')];
  assert.deepEqual(locks.map(statusOf).sort(), [200, 503]);
});

test('PUT is sent again after a reset, with its whole body; POST is not', async () => {
  const good = await named('good');
  const bad = track(await rawBackend((socket) => socket.on('data', () => socket.resetAndDestroy())));
  const proxy = await start({ endpoints: [endpoint(bad.port), endpoint(good.port)] });
  for (let i = 0; i < 2; i++) assert.match(await post(proxy.port, 'hello', 'PUT'), /good 5/);
  const posts = [await post(proxy.port, 'hello'), await post(proxy.port, 'hello')];
  assert.deepEqual(posts.map(statusOf).sort(), [200, 503]);
  assert.ok(posts.some((p) => p.includes('outrigger-reason: reset')));
});

test('nonIdempotent allows POST to be sent again, but not with a body over bufferLimit that was read', async () => {
  const good = await named('good');
  const bad = track(
    await rawBackend((socket) => {
      let bytes = 0;
      socket.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > 200) socket.resetAndDestroy();
      });
    }),
  );
  const spec = { endpoints: [endpoint(bad.port), endpoint(good.port)] };
  const proxy = await start({ ...spec, retry: { nonIdempotent: true, bufferLimit: 1000 } });
  for (let i = 0; i < 2; i++) assert.match(await post(proxy.port, 'x'.repeat(500)), /good 500/);
  const large = [await post(proxy.port, 'x'.repeat(5000)), await post(proxy.port, 'x'.repeat(5000))];
  assert.deepEqual(large.map(statusOf).sort(), [200, 503]);
});

test('a 503 is tried elsewhere; when all endpoints answer 503, the last response is forwarded unchanged', async () => {
  const [bad, good] = [await failing(503), await named('good')];
  const proxy = await start({ endpoints: [endpoint(bad.port), endpoint(good.port)] });
  for (let i = 0; i < 4; i++) assert.equal(statusOf(await get(proxy.port)), 200);
  await proxy.apply({ endpoints: [endpoint(bad.port), endpoint((await failing(503)).port)] });
  const answer = await get(proxy.port);
  assert.match(answer, /503[\s\S]*failed with 503/);
  assert.doesNotMatch(answer, /outrigger-reason/);
});

test('a status that retryOn does not name is forwarded at once', async () => {
  const proxy = await start({ endpoints: [endpoint((await failing(500)).port), endpoint((await named('good')).port)] });
  const statuses = [await get(proxy.port), await get(proxy.port)].map(statusOf);
  assert.deepEqual(statuses.sort(), [200, 500]);
});

test('perTryTimeout: 504 timeout, or another endpoint if retryOn has timeout', async () => {
  const hanging = track(await rawBackend(() => undefined));
  const spec = { endpoints: [endpoint(hanging.port)], retry: { perTryTimeout: 100, attempts: 0 } };
  const proxy = await start(spec);
  const started = performance.now();
  assert.match(await get(proxy.port), /504[\s\S]*outrigger-reason: timeout/);
  assert.ok(performance.now() - started < 1000);
  const good = await named('good');
  await proxy.apply({
    endpoints: [endpoint(hanging.port), endpoint(good.port)],
    retry: { perTryTimeout: 100, retryOn: ['timeout'] },
  });
  for (let i = 0; i < 2; i++) assert.equal(statusOf(await get(proxy.port)), 200);
});

test('perTryTimeout does not run while the request is still being sent', async () => {
  const good = await named('good');
  const proxy = await start({ endpoints: [endpoint(good.port)], retry: { perTryTimeout: 100, attempts: 0 } });
  const socket = connect(proxy.port, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  socket.write('POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 4\r\n\r\n');
  for (const letter of 'slow') {
    await new Promise((resolve) => setTimeout(resolve, 60));
    socket.write(letter);
  }
  await eventually(() => answer.includes('good 4'));
  socket.destroy();
});

test('timeouts.request bounds all tries together', async () => {
  const hanging = track(await rawBackend(() => undefined));
  const proxy = await start({
    endpoints: [endpoint(hanging.port), endpoint(hanging.port, { id: 'b' })],
    retry: { perTryTimeout: 150, retryOn: ['timeout'], attempts: 5 },
    timeouts: { request: 200 },
  });
  const started = performance.now();
  assert.equal(statusOf(await get(proxy.port)), 504);
  assert.ok(performance.now() - started < 450);
});

test('timeouts.idle ends requests without progress, before and after the response head', async () => {
  const hanging = track(await rawBackend(() => undefined));
  const proxy = await start({ endpoints: [endpoint(hanging.port)], timeouts: { idle: 150 }, retry: { attempts: 0 } });
  assert.equal(statusOf(await get(proxy.port)), 504);
  const stuck = track(await scriptedBackend('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'));
  await proxy.apply({ endpoints: [endpoint(stuck.port)], timeouts: { idle: 150 } });
  assert.match(await get(proxy.port), /abc$/);
});

test('a client that leaves ends the try at its backend', async () => {
  let closed = false;
  const hanging = track(await rawBackend((socket) => socket.resume().on('close', () => (closed = true))));
  const proxy = await start({ endpoints: [endpoint(hanging.port)] });
  const socket = connect(proxy.port, '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await eventually(() => proxy.upstream.connections.opened === 1);
  socket.destroy();
  await eventually(() => closed && proxy.records.length === 1);
  assert.deepEqual([proxy.records[0]?.status, proxy.records[0]?.end.how], [499, 'client-gone']);
  assert.match(await proxy.metrics(), /outrigger_client_aborts_total\{[^}]*\} 1/);
});

test('weights split traffic exactly, and the other backend gets the share of one without endpoints', async () => {
  const [a, b] = [await named('a'), await named('b')];
  const pools = ['default/p/default/a:80', 'default/p/default/b:80'] as const;
  const proxy = await start({ endpoints: [endpoint(a.port)] });
  const snapshot = (second: readonly number[]) => ({
    version: { epoch: 2, sequence: second.length },
    digest: `split-${second.length}`,
    trustedKeys: [],
    listeners: [
      {
        port: proxy.port,
        protocol: 'HTTP' as const,
        routes: [
          {
            ...(proxy.records[0]?.route?.route ?? assert.fail('one request was served')),
            destinations: [
              { pool: pools[0], weight: 9 },
              { pool: pools[1], weight: 1 },
            ],
          },
        ],
      },
    ],
    pools: [
      { id: pools[0], ports: [a.port] },
      { id: pools[1], ports: second },
    ].map(({ id, ports }) => ({
      id,
      digest: `${id}-${ports.join()}`,
      part: {
        loadBalancer: { type: 'RoundRobin' as const },
        healthCheck: { passive: { consecutiveConnectFailures: 3, baseEjectionTime: 1000, maxEjectionPercent: 50 } },
        endpoints: ports.map((port) => endpoint(port)),
      },
    })),
  });
  await get(proxy.port);
  await eventually(() => proxy.records.length === 1);
  await proxy.runtime.apply(snapshot([b.port]));
  const answers: string[] = [];
  for (let i = 0; i < 50; i++) answers.push(await get(proxy.port));
  assert.equal(answers.filter((text) => text.includes('b 0')).length, 5);
  await proxy.runtime.apply(snapshot([]));
  for (let i = 0; i < 20; i++) assert.equal(statusOf(await get(proxy.port)), 200);
});

test('no endpoint: 503 no-endpoint; no matching route: 404 no-route', async () => {
  const proxy = await start({ endpoints: [], route: { hostnames: ['test.example'] } });
  assert.match(await get(proxy.port), /^HTTP\/1\.1 503[\s\S]*outrigger-reason: no-endpoint/);
  const answer = await rawRequest(proxy.port, 'GET / HTTP/1.1\r\nHost: other\r\nConnection: close\r\n\r\n');
  assert.match(answer, /^HTTP\/1\.1 404[\s\S]*outrigger-reason: no-route/);
  const text = await proxy.metrics();
  assert.match(text, /outrigger_no_endpoint_total\{namespace="default",policy="p"\} 1/);
  assert.match(text, /outrigger_requests_total\{namespace="default",policy="p",code="503"\} 1/);
});

test('draining endpoints serve only while no other is active', async () => {
  const [a, b] = [await named('a'), await named('b')];
  const proxy = await start({ endpoints: [endpoint(a.port, { state: 'draining' }), endpoint(b.port)] });
  for (let i = 0; i < 4; i++) assert.match(await get(proxy.port), /b 0/);
  await proxy.apply({ endpoints: [endpoint(a.port, { state: 'draining' })] });
  assert.match(await get(proxy.port), /a 0/);
});

test('an update keeps connections and requests in progress; a removed endpoint finishes its requests', async () => {
  const slow = track(await httpBackend((_req, res) => void setTimeout(() => res.end('finished'), 200)));
  const other = await named('other');
  const proxy = await start({ endpoints: [endpoint(slow.port)] });
  const answer = get(proxy.port);
  await eventually(() => proxy.upstream.connections.opened === 1);
  await proxy.apply({ endpoints: [endpoint(other.port)] });
  assert.match(await get(proxy.port), /other/);
  assert.match(await answer, /finished/);
});

test('a removed listener finishes its requests and accepts no connection', async () => {
  const slow = track(await httpBackend((_req, res) => void setTimeout(() => res.end('finished'), 200)));
  const proxy = await start({ endpoints: [endpoint(slow.port)] });
  const answer = get(proxy.port);
  await eventually(() => proxy.upstream.connections.opened === 1);
  await proxy.runtime.apply({ version: { epoch: 9, sequence: 1 }, digest: 'none', trustedKeys: [], listeners: [], pools: [] });
  assert.match(await answer, /finished/);
  await assert.rejects(get(proxy.port).then((text) => assert.notEqual(text, '')));
});

test('a port in use is rejected by name and logged once, everything else is applied, and the port is bound when it is free', async () => {
  const taken = await named('another process');
  const proxy = await start({ endpoints: [endpoint(taken.port)] });
  await get(proxy.port);
  await eventually(() => proxy.records.length === 1);
  const route = proxy.records[0]?.route?.route ?? assert.fail();
  await proxy.runtime.apply({
    version: { epoch: 9, sequence: 2 },
    digest: 'taken',
    trustedKeys: [],
    listeners: [
      { port: proxy.port, protocol: 'HTTP', routes: [route] },
      { port: taken.port, protocol: 'HTTP', routes: [{ ...route, policy: 'default/other' }] },
    ],
    pools: [...proxy.runtime.endpointSets.values()].map((pool) => ({
      id: pool.id,
      digest: 'again',
      part: {
        loadBalancer: { type: 'Random' as const },
        healthCheck: { passive: { consecutiveConnectFailures: 3, baseEjectionTime: 1000, maxEjectionPercent: 50 } },
        endpoints: [endpoint(taken.port)],
      },
    })),
  });
  assert.deepEqual(proxy.runtime.rejected(), [
    { policy: 'default/other', listener: taken.port, reason: `port ${taken.port} is in use on this proxy by another process` },
  ]);
  assert.equal(statusOf(await get(proxy.port)), 200);
  assert.match(
    await proxy.metrics(),
    new RegExp(`outrigger_listener_rejected\\{namespace="default",policy="other",port="${taken.port}"\\} 1`),
  );
  const why = `port ${taken.port} is in use on this proxy by another process`;
  assert.deepEqual(proxy.listenerLog, [`default/other on ${taken.port} rejected: ${why}`]);
  await taken.close();
  await eventually(() => proxy.runtime.rejected().length === 0, 20_000);
  await eventually(() => proxy.listenerLog.length > 1);
  assert.deepEqual(proxy.listenerLog.slice(1), [`default/other on ${taken.port} accepted`]);
});

test('metrics show requests, attempts, retries, endpoints, connections and bytes', async () => {
  const [bad, good] = [await failing(503), await named('good')];
  const proxy = await start({ endpoints: [endpoint(bad.port), endpoint(good.port)] });
  for (let i = 0; i < 4; i++) await get(proxy.port);
  const text = await proxy.metrics();
  const policy = 'namespace="default",policy="p"';
  assert.match(text, new RegExp(`outrigger_requests_total\\{${policy},code="200"\\} 4`));
  assert.match(text, new RegExp(`outrigger_attempts_total\\{${policy},endpoint="pod:${good.port}",outcome="ok"\\} 4`));
  assert.match(text, new RegExp(`outrigger_attempts_total\\{${policy},endpoint="pod:${bad.port}",outcome="5xx"\\} [1-4]`));
  assert.match(text, new RegExp(`outrigger_retries_total\\{${policy},reason="gateway-error"\\} [1-4]`));
  assert.match(text, new RegExp(`outrigger_request_duration_seconds_count\\{${policy}\\} 4`));
  assert.match(text, new RegExp(`outrigger_request_duration_seconds_bucket\\{${policy},le="\\+Inf"\\} 4`));
  assert.match(text, new RegExp(`outrigger_endpoint_healthy\\{${policy},endpoint="pod:${good.port}"\\} 1`));
  assert.match(text, new RegExp(`outrigger_endpoint_active_requests\\{${policy},endpoint="pod:${good.port}"\\} 0`));
  assert.match(text, /outrigger_upstream_connections_total\{state="opened"\} [12]/);
  assert.match(text, /outrigger_bytes_total\{direction="out"\} 24/);
});
