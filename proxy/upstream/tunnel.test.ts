/** Tunnels between two ends in memory. contract/tunnels.test.ts has the same on sockets. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { IdleWatch } from './idle-timeout.ts';
import { Tunnels } from './tunnel.ts';
import type { Exchange } from '../message/exchange.ts';
import { ListFields } from '../message/fields.ts';
import type { ResponseHead } from '../message/response-head.ts';
import type { TunnelEnd, TunnelListener } from '../message/tunnel.ts';

/** One end, without a socket: records what the tunnel does to it. */
class MemoryEnd implements TunnelEnd {
  onCut: (() => void) | undefined;
  ended = false;
  closed = false;
  progress = 0;
  /** Calls of the tunnel, writes excepted. */
  readonly calls: string[] = [];
  written = '';
  /** Chunks that can be written before `write` returns false. */
  room = Infinity;
  #listener: TunnelListener | undefined;
  #writeEnded = false;

  start(listener: TunnelListener): void {
    this.#listener = listener;
  }
  write(chunk: Buffer): boolean {
    this.written += chunk.toString();
    this.progress += chunk.length;
    return --this.room > 0;
  }
  pause = () => void this.calls.push('pause');
  resume = () => void this.calls.push('resume');
  end(): void {
    this.calls.push('end');
    this.#writeEnded = true;
    if (this.ended) this.peerCloses();
  }
  close = () => this.#closeBy('close');
  reset = () => this.#closeBy('reset');
  destroy = () => this.#closeBy('destroy');

  peerSends(text: string): void {
    this.progress += text.length;
    this.#listener?.onData(Buffer.from(text));
  }
  peerDrains(): void {
    this.room = Infinity;
    this.#listener?.onDrain();
  }
  peerEnds(): void {
    this.ended = true;
    this.#listener?.onEnd();
    if (this.#writeEnded) this.peerCloses();
  }
  peerCloses(failed = false): void {
    if (this.closed) return;
    this.closed = true;
    this.#listener?.onClose(failed);
  }

  #closeBy(call: string): void {
    if (this.closed) return;
    this.calls.push(call);
    this.closed = true;
    queueMicrotask(() => this.#listener?.onClose(false));
  }
}

const HEAD: ResponseHead = {
  status: 101,
  reasonPhrase: undefined,
  fields: new ListFields([]),
  hasLength: false,
  trailer: undefined,
  protocol: 'test',
};
const TARGET = { key: 'e', address: '127.0.0.1', port: 1, quota: undefined };
const TIMEOUTS = { connect: 0, request: 0, idle: 1000, drain: 500, tunnel: 5000 };

/** An open tunnel; timers and the clock move with `pass` only. */
function open(context: TestContext, { retired = false } = {}) {
  context.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  let now = 0;
  const state = { retired };
  const tunnels = new Tunnels(new IdleWatch(() => now), () => state.retired);
  const [client, backend] = [new MemoryEnd(), new MemoryEnd()];
  const x = { response: { openTunnel: () => client } } as unknown as Exchange;
  const done = tunnels.open(x, HEAD, TARGET, TIMEOUTS, backend);
  const pass = (ms: number): void => {
    for (let left = ms; left > 0; left -= 100) {
      now += 100;
      context.mock.timers.tick(100);
    }
  };
  return { tunnels, client, backend, done, pass, state };
}

test('carries bytes in both directions, and ends when both sides have ended', async (context) => {
  const { client, backend, done } = open(context);
  client.peerSends('ping');
  backend.peerSends('pong!');
  client.peerEnds();
  assert.deepEqual([backend.calls, backend.closed], [['end'], false]);
  backend.peerSends('more');
  backend.peerEnds();
  assert.deepEqual([backend.written, client.written, client.calls], ['ping', 'pong!more', ['end']]);
  assert.deepEqual(await done, { how: 'whole', bytesIn: 4, bytesOut: 9 });
});

test('the backend may end first', async (context) => {
  const { client, backend, done } = open(context);
  backend.peerEnds();
  client.peerSends('late');
  client.peerEnds();
  assert.deepEqual([backend.written, client.calls, backend.calls], ['late', ['end'], ['end']]);
  assert.equal((await done).how, 'whole');
});

for (const failed of [true, false]) {
  test(`a client that closes without an end${failed ? ', by a reset' : ''}: the backend is reset`, async (context) => {
    const { client, backend, done } = open(context);
    client.peerCloses(failed);
    assert.equal((await done).how, 'client-gone');
    assert.deepEqual([backend.calls, client.calls], [['reset'], []]);
  });

  test(`a backend that closes without an end${failed ? ', by a reset' : ''}: the client is reset`, async (context) => {
    const { client, backend, done } = open(context);
    backend.peerCloses(failed);
    assert.equal((await done).how, 'upstream-broke');
    assert.deepEqual([client.calls, backend.calls], [['reset'], []]);
  });
}

test('a backend that fails after its end does not reset the client', async (context) => {
  const { client, backend, done } = open(context);
  backend.peerEnds();
  backend.peerCloses(true);
  assert.equal((await done).how, 'whole');
  assert.deepEqual(client.calls, ['end', 'close']);
});

test('a full side pauses the other one until it drains', async (context) => {
  const { client, backend, done } = open(context);
  for (const [from, to] of [[client, backend] as const, [backend, client] as const]) {
    to.room = 1;
    from.peerSends('x');
    assert.deepEqual(from.calls, ['pause']);
    to.peerDrains();
    assert.deepEqual(from.calls, ['pause', 'resume']);
  }
  client.peerCloses();
  await done;
});

test('ends without progress for timeouts.tunnel; bytes in either direction are progress', async (context) => {
  const { client, backend, done, pass } = open(context);
  pass(4000);
  client.peerSends('x');
  pass(4000);
  backend.peerSends('x');
  pass(4000);
  assert.deepEqual([client.calls, backend.calls], [[], []]);
  pass(2000);
  assert.equal((await done).how, 'deadline');
  assert.deepEqual([client.calls, backend.calls], [['destroy'], ['destroy']]);
});

test('once a side has ended, timeouts.idle applies', async (context) => {
  const { client, backend, done, pass } = open(context);
  client.peerEnds();
  pass(900);
  assert.deepEqual(client.calls, []);
  pass(500);
  assert.equal((await done).how, 'deadline');
  assert.deepEqual([client.calls, backend.calls], [['destroy'], ['end', 'destroy']]);
});

test('of an endpoint that leaves: ends after timeouts.drain', async (context) => {
  const { tunnels, client, backend, done, pass, state } = open(context);
  tunnels.retire('another');
  pass(1000);
  state.retired = true;
  tunnels.retire('e');
  pass(400);
  assert.deepEqual([client.calls, backend.calls], [[], []]);
  pass(100);
  assert.equal((await done).how, 'drained');
  assert.deepEqual([client.calls, backend.calls], [['destroy'], ['destroy']]);
});

test('of an endpoint that leaves and returns: goes on', async (context) => {
  const { tunnels, client, done, pass, state } = open(context);
  state.retired = true;
  tunnels.retire('e');
  pass(400);
  tunnels.restore('e');
  pass(1000);
  assert.deepEqual(client.calls, []);
  client.peerCloses();
  await done;
});

test('of an endpoint that left before: ends after timeouts.drain', async (context) => {
  const { done, pass } = open(context, { retired: true });
  pass(500);
  assert.equal((await done).how, 'drained');
});

test('ends at once when the client’s side cuts it, as a draining listener does', async (context) => {
  const { client, backend, done } = open(context);
  client.onCut?.();
  assert.equal((await done).how, 'drained');
  assert.deepEqual([client.calls, backend.calls], [['destroy'], ['destroy']]);
});
