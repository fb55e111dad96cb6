/** The record of a request and the metrics say what its client got: status, reason, bytes. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { endpoint, eventually, get, httpBackend, opener, PASSIVE } from '../testing.ts';
import type { TestProxy } from '../testing.ts';
import { PAIRS, stage } from './test-engines.ts';
import { FakeClient } from './test-fake-client.ts';
import { FakeUpstream } from './test-fake-upstream.ts';
import { talk } from './test-hostile.ts';
import { OUTCOMES } from './test-outcomes.ts';
import type { OutcomeCase } from './test-outcomes.ts';
import { readResponses } from './test-strict.ts';
import { ListFields } from '../message/fields.ts';

const { start, track } = opener();

/** What a client can say about the last response that it received, as far as that goes. */
interface Seen {
  readonly status: number | undefined;
  readonly reason: string | undefined;
  readonly bytes: number;
}

function seen(text: string, method: string, closed: boolean): Seen {
  const { messages, rest } = readResponses(text, [method], closed);
  const whole = messages.at(-1);
  if (whole && (rest === '' || whole.status === 101)) {
    const reason = whole.fields.find(([name]) => name === 'outrigger-reason')?.[1];
    return { status: whole.status, reason, bytes: whole.status === 101 ? rest.length : whole.body.length };
  }
  const status = /^HTTP\/1\.1 (\d{3})/.exec(rest)?.[1];
  const body = rest.slice(rest.indexOf('\r\n\r\n') + 4);
  const bytes = /transfer-encoding: chunked/i.test(rest) ? inChunks(body) : body.length;
  return { status: status === undefined ? undefined : Number(status), reason: undefined, bytes };
}

/** Bytes in the whole chunks of a body that may be cut. */
function inChunks(body: string): number {
  let bytes = 0;
  for (let rest = body, size; (size = /^([0-9a-f]+)\r\n/.exec(rest));) {
    const length = Number.parseInt(size[1] ?? '', 16);
    if (length === 0) break;
    bytes += length;
    rest = rest.slice(size[0].length + length + 2);
  }
  return bytes;
}

/** The one outcome that was recorded. */
function recorded({ records, earlyReplies }: TestProxy) {
  assert.equal(records.length + earlyReplies.length, 1);
  const early = earlyReplies[0];
  if (early) return { ...early, how: 'early' as const, routed: false };
  const { status, reason, end, route } = records[0] ?? assert.fail();
  return { status, reason, bytesOut: end.bytesOut, how: end.how, routed: route !== undefined };
}

/** Metrics above 0, by name, with the label that matters here. */
async function counted(proxy: TestProxy): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const line of (await proxy.metrics()).split('\n')) {
    const m =
      /^outrigger_(requests|local_answers|refused|responses_broken|client_aborts|bytes)_total(?:\{(.*)\})? ([1-9]\d*)$/.exec(
        line,
      );
    if (m) found[`${m[1]} ${/(?:code|reason|direction)="([^"]*)"/.exec(m[2] ?? '')?.[1] ?? ''}`.trim()] = Number(m[3]);
  }
  delete found['bytes in'];
  return found;
}

function expected({ status, reason, bytesOut, how, routed }: ReturnType<typeof recorded>): Record<string, number> {
  const code = status > 599 ? `${String(status)[0]}xx` : String(status);
  return {
    ...(routed && { [`requests ${code}`]: 1 }),
    ...(reason !== undefined && (routed ? { [`local_answers ${reason}`]: 1 } : how === 'early' && { [`refused ${reason}`]: 1 })),
    ...(how === 'client-gone' && { client_aborts: 1 }),
    ...(how === 'upstream-broke' || how === 'deadline' ? { responses_broken: 1 } : {}),
    ...(bytesOut > 0 && { 'bytes out': bytesOut }),
  };
}

async function check(c: OutcomeCase, proxy: TestProxy): Promise<void> {
  const { text, ended } = await talk(proxy.port, { send: c.send, ...c.client });
  await eventually(() => proxy.records.length + proxy.earlyReplies.length > 0);
  const got = seen(text, c.send.slice(0, c.send.indexOf(' ')), ended === 'closed');
  const record = recorded(proxy);
  assert.equal(got.status, c.gets, text);
  const what = [record.status, record.reason, record.bytesOut, record.how];
  assert.deepEqual(what, [c.records ?? got.status, got.reason, got.bytes, c.how], text);
  assert.deepEqual(await counted(proxy), expected(record));
}

for (const pair of PAIRS) {
  describe(`${pair.name}: the record says what the client gets`, () => {
    for (const c of OUTCOMES) {
      test(`${c.what}: ${String(c.gets)}`, async () => {
        const spec = typeof c.spec === 'function' ? await c.spec() : (c.spec ?? {});
        await stage(pair, c.backend ?? {}, spec, async ({ proxy, backend }) => {
          await check(c, proxy);
          await proxy.apply({ endpoints: [endpoint(backend.port)] });
        });
      });
    }
  });
}

test('a connection over the limit', async () => {
  await check({ what: '', send: '', gets: 503, how: 'early' }, await start({ endpoints: [], maxConnections: 0 }));
});

test('a client that leaves while the rest of its response is in the buffers of the proxy has not received it', async () => {
  // Beyond what the kernel takes for a client that does not read.
  const size = 32 * 1024 * 1024;
  const backend = track(await httpBackend((_req, res) => res.end(Buffer.alloc(size))));
  const fallback = { type: 'Response', statusCode: 503, contentType: 'text/plain', body: 'x'.repeat(size) } as const;
  for (const proxy of [
    await start({ endpoints: [], route: { fallback } }),
    await start({ endpoints: [endpoint(backend.port)] }),
  ]) {
    const socket = connect(proxy.port, '127.0.0.1').pause();
    socket.on('error', () => undefined).write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    socket.once('readable', () => setTimeout(() => socket.resetAndDestroy(), 20));
    await eventually(() => proxy.records.length === 1);
    assert.equal(proxy.records[0]?.end.how, 'client-gone');
  }
});

test('a request that is cut off at the end of the drain timeout is no client that left', async () => {
  let asked = 0;
  const backend = track(
    await httpBackend((req, res) => {
      asked++;
      if (req.url === '/half') res.writeHead(200, { 'content-length': 9 }).write('half');
    }),
  );
  const proxy = await start({ endpoints: [endpoint(backend.port)] });
  const texts = Promise.all([get(proxy.port, '/half'), get(proxy.port, '/none')]);
  await eventually(() => asked === 2);
  await proxy.close();
  assert.deepEqual(
    (await texts).map((text) => text.slice(-4)),
    ['half', ''],
  );
  await eventually(() => proxy.records.length === 2);
  const found = new Map(
    proxy.records.map(({ exchange, status, end }) => [exchange.request.path, [status, end.how, end.bytesOut]]),
  );
  assert.deepEqual(
    [found.get('/half'), found.get('/none')],
    [
      [200, 'drained', 4],
      [499, 'drained', 0],
    ],
  );
  const { responses_broken: broken, client_aborts: aborts } = await counted(proxy);
  assert.deepEqual([broken, aborts], [2, undefined]);
});

const head = (value: string) => ({
  status: 200,
  reasonPhrase: 'Fine',
  fields: new ListFields(['x', value]),
  hasLength: false,
  trailer: 'x',
  protocol: undefined,
});

describe('what HTTP/1 cannot carry, from an engine that lets it pass', () => {
  test('a head: the client gets 502, which is recorded, and is a failure of the endpoint', async () => {
    const upstream = new FakeUpstream();
    upstream.head = head('a\nb');
    const healthCheck = { passive: { ...PASSIVE, consecutive5xx: 1, maxEjectionPercent: 100 } };
    const proxy = await start({
      ...{ endpoints: [endpoint(1), endpoint(2)], createUpstream: () => upstream, part: { healthCheck } },
    });
    const answer = await get(proxy.port);
    assert.match(answer, /^HTTP\/1\.1 502 Bad Gateway\r\n[\s\S]*outrigger-reason: protocol\r\n/);
    await eventually(() => proxy.records.length === 1);
    const record = recorded(proxy);
    const { status, reason, bytes } = seen(answer, 'GET', true);
    assert.deepEqual([record.status, record.reason, record.bytesOut, record.how], [status, reason, bytes, 'whole']);
    assert.deepEqual(await counted(proxy), expected(record));
    assert.match(proxy.healthLog.join(), /malformed response/);
  });

  test('trailers: they are dropped, and the response is whole', async () => {
    const upstream = new FakeUpstream();
    upstream.head = head('a');
    upstream.trailers = ['x', 'a\nb'];
    const proxy = await start({ endpoints: [endpoint(1)], createUpstream: () => upstream });
    const { messages } = readResponses(await get(proxy.port), ['GET'], true);
    assert.deepEqual([messages[0]?.body, messages[0]?.trailers], ['ok', []]);
    await eventually(() => proxy.records.length === 1);
    assert.equal(proxy.records[0]?.end.how, 'whole');
  });

  test('the fakes keep the same rules', async () => {
    const upstream = new FakeUpstream();
    const proxy = await start({ endpoints: [endpoint(1)], createUpstream: () => upstream });
    for (const [method, malformed, status, bytes] of [
      ['GET', false, 200, 2],
      ['GET', true, 502, 43],
      ['HEAD', true, 502, 0],
    ] as const) {
      upstream.head = head(malformed ? 'a\nb' : 'a');
      const client = new FakeClient(method, '/');
      proxy.handle(client);
      await client.done;
      await eventually(() => proxy.records.length === 1);
      const record = proxy.records.pop() ?? assert.fail();
      const got = client.messages.at(-1);
      assert.deepEqual([got?.status, got?.body.length], [status, bytes]);
      assert.deepEqual([record.status, record.end.bytesOut], [status, bytes]);
    }
  });
});
