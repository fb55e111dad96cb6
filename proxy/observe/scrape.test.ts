import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { expose } from './text-format.ts';
import { Registry } from './registry.ts';
import { ScrapeHandler } from './scrape.ts';
import { createObserveServer } from './server.ts';

function manySamples(samples: number, pad: string, read: () => void): Registry {
  const registry = new Registry();
  expose(registry, 'gauge', 'many', 'Many.', function* () {
    for (let i = 0; i < samples; i++) {
      read();
      yield { labels: { i: String(i), pad }, value: i };
    }
  });
  return registry;
}

/** A server with many samples. Each call of the clock adds half a millisecond, so that a slice has few samples. */
async function serve(t: TestContext, samples: number, pad = '', read: () => void = () => undefined): Promise<string> {
  const registry = manySamples(samples, pad, read);
  let now = 0;
  const server = createObserveServer({ registry, notReady: () => undefined, now: () => (now += 0.5) });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
}

test('the event loop runs while a scrape is rendered, and the text is complete and in order', async (t) => {
  let turns = 0;
  let most = 0;
  let inTurn = 0;
  const url = await serve(t, 5000, '', () => (most = Math.max(most, ++inTurn)));
  const counting = new AbortController();
  const count = (async () => {
    while (!counting.signal.aborted) {
      await turn();
      turns++;
      inTurn = 0;
    }
  })();
  const text = await (await fetch(url)).text();
  counting.abort();
  await count;
  assert.ok(turns > 20, `${turns} turns`);
  assert.ok(most <= 200, `${most} samples in one turn`);
  const values = text
    .trimEnd()
    .split('\n')
    .slice(2)
    .map((line) => Number(line.split(' ')[1]));
  assert.deepEqual(
    values,
    Array.from({ length: 5000 }, (_, i) => i),
  );
});

test('gzip only for clients that accept it', async (t) => {
  const url = await serve(t, 100);
  const encoding = async (accepted: string) => {
    const response = await fetch(url, { headers: { 'accept-encoding': accepted } });
    assert.match(await response.text(), /many\{i="99",pad=""\} 99\n$/);
    return response.headers.get('content-encoding');
  };
  assert.equal(await encoding('gzip'), 'gzip');
  assert.equal(await encoding('deflate, GZIP;q=0.5'), 'gzip');
  assert.equal(await encoding('gzip;q=0'), null);
  assert.equal(await encoding('identity'), null);
  assert.equal(await encoding('notgzip'), null);
  const head = await fetch(url, { method: 'HEAD' });
  assert.deepEqual([head.status, await head.text()], [200, '']);
});

test('four scrapes at once; a fifth is refused, and accepted again when a client has left', async (t) => {
  const url = new URL(await serve(t, 20_000, 'x'.repeat(1000)));
  // Clients that do not read: 20 MB exceed the socket buffers.
  const idle = await Promise.all(
    [1, 2, 3, 4].map(async () => {
      const socket = connect(Number(url.port), url.hostname);
      socket.pause().write(`GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n`);
      await once(socket, 'readable');
      return socket;
    }),
  );
  const refused = await fetch(url);
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '1']);
  assert.match(await refused.text(), /4 scrapes are in progress/);
  for (const socket of idle) socket.destroy();
  const deadline = performance.now() + 5000;
  for (;;) {
    const response = await fetch(url);
    const { status } = response;
    await response.body?.cancel();
    if (status === 200) break;
    assert.ok(performance.now() < deadline, 'room again');
    await turn();
  }
});

test('a scrape whose client does not read is aborted', async (t) => {
  const scrapes = new ScrapeHandler(
    manySamples(20_000, 'x'.repeat(1000), () => undefined),
    () => performance.now(),
    200,
  );
  const ended: unknown[] = [];
  const server = createServer((req, res) => void scrapes.answer(req, res).catch((error: unknown) => ended.push(error)));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.pause().write('GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n');
  const deadline = performance.now() + 5000;
  while (ended.length === 0 && performance.now() < deadline) await turn();
  assert.ok(ended[0] instanceof Error, 'within five seconds');
  socket.resume();
  await once(socket, 'close');
});
