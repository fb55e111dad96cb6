import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { UPSTREAM_ENGINES } from '../config.ts';
import { endpoint, eventually, get, httpBackend, rawBackend, opener } from '../testing.ts';
import type { Backend } from '../testing.ts';

const { track, start } = opener();

/** A backend that sends this Keep-Alive field, and counts open connections. */
async function keeping(timeout: string) {
  let connections = 0;
  const backend = await rawBackend((socket) => {
    connections++;
    socket.on('close', () => connections--);
    socket.on('data', () => socket.write(`HTTP/1.1 200 OK\r\n${timeout}content-length: 2\r\n\r\nok`));
  });
  return { ...track(backend), connections: () => connections };
}

for (const upstreamEngine of UPSTREAM_ENGINES)
  describe(upstreamEngine, () => {
    const proxyFor = (backend: Backend) => start({ endpoints: [endpoint(track(backend).port)], upstreamEngine });

    test('an idle connection is closed one second before the backend would close it', async () => {
      const backend = await keeping('Keep-Alive: timeout=2\r\n');
      const proxy = await proxyFor(backend);
      await get(proxy.port);
      const started = performance.now();
      assert.equal(backend.connections(), 1);
      await eventually(() => backend.connections() === 0);
      const closedAfter = performance.now() - started;
      assert.ok(closedAfter > 700 && closedAfter < 1900, String(closedAfter));
    });

    test('with a hint of one second or less, no connection is kept', async () => {
      const backend = await keeping('Keep-Alive: timeout=1\r\n');
      const proxy = await proxyFor(backend);
      for (let i = 0; i < 3; i++) await get(proxy.port);
      assert.deepEqual([proxy.upstream.connections.opened, proxy.upstream.connections.reused], [3, 0]);
    });

    test('without a hint it is closed after 4 s, before a Node backend closes it after 5 s', async () => {
      const backend = await keeping('');
      const proxy = await proxyFor(backend);
      await get(proxy.port);
      const started = performance.now();
      await eventually(() => backend.connections() === 0, 6000);
      const closedAfter = performance.now() - started;
      assert.ok(closedAfter > 3700 && closedAfter < 4900, String(closedAfter));
    });

    test('idle connections of a removed endpoint are closed at once', async () => {
      const backend = await keeping('');
      const proxy = await proxyFor(backend);
      await get(proxy.port);
      await proxy.apply({ endpoints: [] });
      await eventually(() => backend.connections() === 0, 1000);
    });

    test('another endpoint with the same address gets a connection of its own', async () => {
      const backend = await keeping('');
      const proxy = await start({ endpoints: [endpoint(backend.port, { id: 'old' })], upstreamEngine });
      await get(proxy.port);
      await proxy.apply({ endpoints: [endpoint(backend.port, { id: 'new' })] });
      await get(proxy.port);
      assert.deepEqual([proxy.upstream.connections.opened, proxy.upstream.connections.reused], [2, 0]);
    });

    test('a connection that the backend closed while idle is not reused', async () => {
      const backend = await httpBackend((_req, res) => res.setHeader('connection', 'close').end('ok'));
      const proxy = await proxyFor(backend);
      for (let i = 0; i < 3; i++) assert.match(await get(proxy.port), /200 OK/);
      assert.equal(proxy.upstream.connections.reused, 0);
    });

    test('bytes that arrive while it is idle close it', async () => {
      let closed = 0;
      const backend = await rawBackend((socket) => {
        socket.on('close', () => closed++);
        socket.once('data', () => {
          socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
          setTimeout(() => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nnext'), 30);
        });
      });
      const proxy = await proxyFor(backend);
      assert.match(await get(proxy.port), /ok$/);
      await eventually(() => closed === 1, 1000);
      assert.match(await get(proxy.port), /ok$/);
    });

    test('the one that was used last is used next', async () => {
      const used: number[] = [];
      let opened = 0;
      const waiting: (() => void)[] = [];
      const backend = await rawBackend((socket) => {
        const id = ++opened;
        socket.on('data', () => {
          used.push(id);
          waiting.push(() => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'));
        });
      });
      const proxy = await proxyFor(backend);
      const ask = async (count: number, order: readonly number[]) => {
        const asked = Array.from({ length: count }, () => get(proxy.port));
        await eventually(() => waiting.length === count);
        for (const i of order) {
          waiting[i]?.();
          await eventually(() => proxy.records.length > 0);
          proxy.records.length = 0;
        }
        waiting.length = 0;
        await Promise.all(asked);
      };
      await ask(2, [0, 1]);
      const last = used[1];
      used.length = 0;
      for (let i = 0; i < 3; i++) await ask(1, [0]);
      assert.deepEqual(used, [last, last, last]);
    });
  });
