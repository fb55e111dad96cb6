import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { test } from 'node:test';
import type { AddressInfo } from 'node:net';
import { Listener } from './listener.ts';
import type { ConnectionServer } from './listener.ts';

/** In the range that is reserved for documentation: no machine has it. */
const ABSENT = '2001:db8::1';
const http: ConnectionServer = {
  claim: (socket) => void socket.end(),
  refuse: (socket) => {
    socket.end();
    return undefined;
  },
  drain: () => undefined,
  closeIdle: () => undefined,
  close: () => undefined,
};

const listener = (port: number, addresses: readonly string[]): Listener =>
  new Listener(port, http, { addresses, maxConnections: 1, refused: () => undefined });

async function takenPort(): Promise<{ readonly port: number; readonly close: () => void }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

test('an address that the machine does not have is skipped, as ::1 without IPv6', async () => {
  const { port, close } = await takenPort();
  close();
  const one = listener(port, ['127.0.0.1', ABSENT]);
  await one.open();
  await one.drain(0);
  await assert.rejects(listener(port, [ABSENT]).open(), { code: 'EADDRNOTAVAIL' });
});

test('an address whose port another process uses is reported, and nothing stays bound', async (context) => {
  const { port, close } = await takenPort();
  context.after(close);
  const conflict = listener(port, ['127.0.0.2', '127.0.0.1']);
  await assert.rejects(conflict.open(), { code: 'EADDRINUSE' });
  const other = listener(port, ['127.0.0.2']);
  await other.open();
  await other.drain(0);
});
