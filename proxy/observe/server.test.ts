import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { countBy, Registry } from './registry.ts';
import { createObserveServer } from './server.ts';

const registry = new Registry();
countBy(registry, { name: 'things_total', help: 'Things.' }, 'kind', ['a', 'b']).inc({ kind: 'a' });
let why: string | undefined = 'no snapshot has been received yet';
const server = createObserveServer({ registry, notReady: () => why, now: () => performance.now() });
let origin = '';
before(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

test('/readyz gives the reason when not ready', async () => {
  const not = await fetch(`${origin}/readyz`);
  assert.deepEqual([not.status, await not.text()], [503, 'no snapshot has been received yet\n']);
  why = undefined;
  assert.equal((await fetch(`${origin}/readyz?x`)).status, 200);
});

test('/healthz, an unknown path and another method', async () => {
  assert.equal((await fetch(`${origin}/healthz`)).status, 200);
  assert.equal((await fetch(`${origin}/nothing`)).status, 404);
  assert.equal((await fetch(`${origin}/metrics`, { method: 'POST' })).status, 405);
});

test('/metrics is compressed for clients that accept it', async () => {
  const plain = await fetch(`${origin}/metrics`, { headers: { 'accept-encoding': 'identity' } });
  assert.equal(plain.headers.get('content-encoding'), null);
  const zipped = await fetch(`${origin}/metrics`, { headers: { 'accept-encoding': 'gzip' } });
  assert.equal(zipped.headers.get('content-encoding'), 'gzip');
  for (const response of [plain, zipped]) {
    assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
    assert.match(await response.text(), /^things_total\{kind="a"\} 1\nthings_total\{kind="b"\} 0$/m);
  }
});
