import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { RequestListener, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createProxyClient, podOrigin } from './proxy-client.ts';
import type { ProxyClient } from './proxy-client.ts';

const body = { bytes: Buffer.from('{}'), gzip: false, sha256: '' };

/** A client for which every address leads to one server with this listener. */
async function against(t: TestContext, listener: RequestListener, timeout = 5_000): Promise<ProxyClient> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const timeouts = { push: timeout, status: timeout, wait: timeout };
  const client = createProxyClient({ origin: () => `http://127.0.0.1:${port}`, timeouts });
  t.after(async () => {
    await client.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return client;
}

function reply(status: number, value: unknown): (req: unknown, res: ServerResponse) => void {
  return (_req, res) => res.writeHead(status).end(JSON.stringify(value));
}

const digest = 'ab'.repeat(32);
const current = { epoch: 5, sequence: 2 };
const cases: readonly [name: string, status: number, body: unknown, outcome: object][] = [
  [
    '200',
    200,
    { pod: 'u', applied: { ...current, digest }, rejected: [] },
    { kind: 'acked', answer: { pod: 'u', applied: { ...current, digest }, rejected: [] } },
  ],
  ['401', 401, { reason: 'expired', time: 7 }, { kind: 'unauthorized', reason: 'expired', time: 7 }],
  ['409 stale', 409, { reason: 'stale', current }, { kind: 'stale', current }],
  ['409 conflict', 409, { reason: 'conflict', current }, { kind: 'conflict', current }],
  ['424', 424, { reason: 'missing-parts', missing: [digest] }, { kind: 'missing', digests: [digest] }],
  [
    '422',
    422,
    { reason: 'invalid', errors: [{ path: 'a', message: 'is wrong' }] },
    { kind: 'invalid', detail: 'HTTP 422 invalid: a is wrong' },
  ],
  ['413', 413, { reason: 'too-large' }, { kind: 'invalid', detail: 'HTTP 413 too-large' }],
  ['500', 500, { reason: 'internal' }, { kind: 'failed', detail: 'HTTP 500 internal' }],
  ['an invalid 200', 200, { pod: 'u' }, { kind: 'failed', detail: 'HTTP 200 with an answer that cannot be parsed' }],
  ['a 424 without digests', 424, { reason: 'x' }, { kind: 'invalid', detail: 'HTTP 424 x' }],
];

for (const [name, status, value, outcome] of cases)
  test(`${name} becomes its outcome`, async (t) => {
    const client = await against(t, reply(status, value));
    assert.deepEqual(await client.push('any', 'token', body), outcome);
  });

test('a push carries token, type and encoding', async (t) => {
  const seen: unknown[] = [];
  const client = await against(t, (req, res) => {
    const { authorization, 'content-type': type, 'content-encoding': encoding, 'content-length': length } = req.headers;
    seen.push([req.method, req.url, authorization, type, encoding, length]);
    res.end('{}');
  });
  await client.push('any', 'abc', { ...body, gzip: true });
  await client.status('any', 'def');
  await client.status('any', 'ghi', { after: 'a-1.z', signal: new AbortController().signal });
  assert.deepEqual(seen, [
    ['PUT', '/v1/snapshot', 'Bearer abc', 'application/json', 'gzip', '2'],
    ['GET', '/v1/status', 'Bearer def', undefined, undefined, undefined],
    ['GET', '/v1/status?after=a-1.z', 'Bearer ghi', undefined, undefined, undefined],
  ]);
});

test('an answer that is not JSON, is too long, too slow or missing is a failure', async (t) => {
  const noJson = await against(t, (_req, res) => res.end('<html>'));
  assert.equal((await noJson.push('any', 't', body)).kind, 'failed');
  const long = await against(t, (_req, res) => res.end(`"${'a'.repeat(9 * 1024 * 1024)}"`));
  assert.equal((await long.push('any', 't', body)).kind, 'failed');
  const trickle = await against(
    t,
    (_req, res) => {
      const timer = setInterval(() => res.write(' '), 10);
      res.on('close', () => clearInterval(timer));
    },
    100,
  );
  assert.equal((await trickle.push('any', 't', body)).kind, 'failed');
  const silent = await against(t, () => {}, 50);
  assert.equal((await silent.status('any', 't')).kind, 'failed');
});

test('a question that waits has a time of its own, and ends by its signal', async (t) => {
  const client = await against(t, () => {}, 50);
  const { signal } = new AbortController();
  assert.deepEqual(await client.status('any', 't', { after: 'a', signal }), {
    kind: 'failed',
    detail: 'no answer within 0.05 s',
  });
  const patient = await against(t, () => {}, 3_600_000);
  const ended = new AbortController();
  const outcome = patient.status('any', 't', { after: 'a', signal: ended.signal });
  ended.abort();
  assert.equal((await outcome).kind, 'failed');
});

test('a refused connection is a failure, too', async (t) => {
  const client = createProxyClient({ origin: () => 'http://127.0.0.1:1' });
  t.after(() => client.close());
  const outcome = await client.push('any', 't', body);
  assert.equal(outcome.kind, 'failed');
  assert.match('detail' in outcome ? outcome.detail : '', /ECONNREFUSED/);
});

test('the control API of a pod is at its address, port 9900', () => {
  assert.equal(podOrigin('10.0.0.1'), 'http://10.0.0.1:9900');
  assert.equal(podOrigin('fd00::1'), 'http://[fd00::1]:9900');
});
