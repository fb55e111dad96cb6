/** listener.clientAddress over real sockets: what backends receive, what is logged, and which endpoint its hash selects. */
import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { endpoint, eventually, get, httpBackend, opener, rawRequest, statusOf } from '../testing.ts';
import type { ProxySpec, TestProxy } from '../testing.ts';
import type { ClientAddress } from '../snapshot/types.ts';

const { start, track } = opener();
/** Headers of each request that the backend received. */
const received: IncomingHttpHeaders[] = [];
const backend = track(
  await httpBackend((req, res) => {
    received.push(req.headers);
    res.end('ok');
  }),
);

const PROXIES: ClientAddress = { trustedCIDRs: ['127.0.0.1/32', '10.0.0.0/8'] };
const spec = (clientAddress?: ClientAddress): ProxySpec => ({
  endpoints: [endpoint(backend.port)],
  ...(clientAddress && { listener: { clientAddress } }),
});
const forwarded = () => {
  const {
    'x-forwarded-for': list,
    'x-forwarded-proto': proto,
    'x-forwarded-port': port,
    'x-forwarded-host': host,
  } = received.at(-1) ?? {};
  return { list, proto, port, host };
};
const lastClient = (proxy: TestProxy) => proxy.records.at(-1)?.exchange.clientAddress;

/** One request from another loopback address. */
async function getFrom(localAddress: string, port: number, headers: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  socket.setEncoding('latin1').write(`GET / HTTP/1.1\r\nHost: test.example\r\nConnection: close\r\n${headers}\r\n`);
  let text = '';
  for await (const chunk of socket) text += chunk as string;
  return text;
}

const FORWARDED = 'X-Forwarded-Proto: https\r\nX-Forwarded-Port: 443\r\nX-Forwarded-Host: shop.example\r\n';

test('a trusted proxy in front: its fields are forwarded, with its address appended', async () => {
  const proxy = await start(spec(PROXIES));
  await get(proxy.port, '/', `X-Forwarded-For: 6.6.6.6, 203.0.113.9\r\nx-forwarded-for: 10.0.0.7\r\n${FORWARDED}`);
  assert.deepEqual(forwarded(), {
    list: '6.6.6.6, 203.0.113.9, 10.0.0.7, 127.0.0.1',
    proto: 'https',
    port: '443',
    host: 'shop.example',
  });
  assert.equal(received.at(-1)?.host, 'test.example');
  assert.equal(lastClient(proxy), '203.0.113.9');
});

test('a peer outside the ranges is a client, whatever it sends', async () => {
  const proxy = await start(spec(PROXIES));
  assert.equal(statusOf(await getFrom('127.0.0.9', proxy.port, `X-Forwarded-For: 203.0.113.9\r\n${FORWARDED}`)), 200);
  assert.deepEqual(forwarded(), { list: '127.0.0.9', proto: 'http', port: String(proxy.port), host: 'test.example' });
  assert.equal(lastClient(proxy), '127.0.0.9');
});

test('a number of hops: every peer is trusted; missing or malformed fields are replaced by the proxy’s own', async () => {
  const proxy = await start(spec({ trustedHops: 2 }));
  await getFrom('127.0.0.9', proxy.port, 'X-Forwarded-For: 6.6.6.6, 203.0.113.9:1234, 10.0.0.7\r\nX-Forwarded-Proto: gopher\r\n');
  assert.deepEqual(forwarded(), {
    list: '6.6.6.6, 203.0.113.9:1234, 10.0.0.7, 127.0.0.9',
    proto: 'http',
    port: String(proxy.port),
    host: 'test.example',
  });
  assert.equal(lastClient(proxy), '203.0.113.9');
  await getFrom('127.0.0.9', proxy.port, '');
  assert.equal(forwarded().list, '127.0.0.9');
  assert.equal(lastClient(proxy), '127.0.0.9');
});

test('1,000 entries are read like three', async () => {
  const proxy = await start(spec({ trustedHops: 1 }));
  const list = `${'6.6.6.6, '.repeat(999)}203.0.113.9`;
  await get(proxy.port, '/', `X-Forwarded-For: ${list}\r\n`);
  assert.equal(lastClient(proxy), '203.0.113.9');
  assert.equal(forwarded().list, `${list}, 127.0.0.1`);
});

test('without clientAddress, nothing that a client sends changes its address', async () => {
  const proxy = await start(spec());
  const name = fc.constantFrom('X-Forwarded-For', 'x-forwarded-for', 'Forwarded', 'X-Real-IP', 'Connection', 'X-Client-IP');
  const value = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.constantFrom('unknown', 'x-forwarded-for', 'for=6.6.6.6', '127.0.0.2, 127.0.0.1', ''),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(name, value), { maxLength: 8 }), async (fields) => {
      await get(proxy.port, '/', fields.map(([n, v]) => `${n}: ${v}\r\n`).join(''));
      assert.equal(lastClient(proxy), '127.0.0.1');
      assert.equal(forwarded().list, '127.0.0.1');
    }),
    { numRuns: 50 },
  );
});

test('a change takes effect with the next request, on an open connection', async () => {
  const proxy = await start(spec());
  const socket = track(keptAlive(proxy.port));
  const ask = async () => {
    await socket.ask('X-Forwarded-For: 203.0.113.9\r\n');
    return lastClient(proxy);
  };
  assert.equal(await ask(), '127.0.0.1');
  await proxy.apply(spec({ trustedHops: 1 }));
  assert.equal(await ask(), '203.0.113.9');
  await proxy.apply(spec({ trustedCIDRs: ['10.0.0.0/8'] }));
  assert.equal(await ask(), '127.0.0.1');
  await proxy.apply(spec(PROXIES));
  assert.equal(await ask(), '203.0.113.9');
  await proxy.apply(spec());
  assert.equal(await ask(), '127.0.0.1');
});

test('a push that does not change clientAddress keeps what was parsed', async () => {
  const proxy = await start(spec(PROXIES));
  const trust = () => proxy.runtime.listeners.get(proxy.port)?.trust;
  const before = trust();
  assert.ok(before);
  await proxy.apply(spec({ ...PROXIES }));
  assert.equal(trust(), before);
});

function keptAlive(port: number) {
  const socket = connect(port, '127.0.0.1');
  let answers = 0;
  socket.on('data', (chunk: Buffer) => (answers += chunk.toString('latin1').split('HTTP/1.1 200').length - 1));
  let asked = 0;
  return {
    ask: async (headers: string) => {
      asked++;
      assert.ok(socket.writable, 'the connection was closed');
      socket.write(`GET / HTTP/1.1\r\nHost: a\r\n${headers}\r\n`);
      await eventually(() => answers === asked);
    },
    close: () => Promise.resolve(void socket.destroy()),
  };
}

test('SourceIP hashes the client’s address, not the address of the proxy in front', async () => {
  const places = await Promise.all(['a', 'b', 'c'].map(async (body) => track(await httpBackend((_req, res) => res.end(body)))));
  const endpoints = places.map(({ port }, i) => endpoint(port, { hashKey: `pod-${i}` }));
  const loadBalancer = {
    type: 'ConsistentHash',
    consistentHash: { algorithm: 'Maglev', tableSize: 251, hashOn: { type: 'SourceIP' } },
  } as const;
  const behind = await start({ endpoints, part: { loadBalancer }, listener: { clientAddress: PROXIES } });
  const direct = await start({ endpoints, part: { loadBalancer } });
  // Tables are built between requests: until they are complete, a key may go to any endpoint.
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  const place = async (proxy: TestProxy, client: string, spoofed = '') => {
    const answer = await get(proxy.port, '/', `X-Forwarded-For: ${spoofed}${client}\r\n`);
    return answer.split('\r\n\r\n')[1];
  };
  const clients = Array.from({ length: 20 }, (_, i) => `203.0.113.${i}`);
  const found = new Set<string | undefined>();
  for (const client of clients) {
    const at = await place(behind, client);
    assert.equal(await place(behind, client, '6.6.6.6, '), at, 'what the client puts before does not matter');
    assert.equal(await place(behind, `${client}:4711`), at, 'nor its port');
    found.add(at);
  }
  assert.equal(found.size, 3);
  const all = new Set<string | undefined>();
  for (const client of clients) all.add(await place(direct, client));
  assert.equal(all.size, 1, 'without trust, all have the address of the same peer');
});

test('HTTP/1.0 without Host: the trusted X-Forwarded-Host is forwarded', async () => {
  const proxy = await start(spec({ trustedHops: 1 }));
  await rawRequest(proxy.port, 'GET / HTTP/1.0\r\nX-Forwarded-Host: shop.example\r\n\r\n');
  assert.equal(forwarded().host, 'shop.example');
});
