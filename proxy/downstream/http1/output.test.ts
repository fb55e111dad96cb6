import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { Output } from './output.ts';

/** Writes that reach the system: each a list of pieces. */
function connection(): { writes: string[][]; output: Output } {
  const writes: string[][] = [];
  const text = (chunk: unknown) => (chunk as Buffer).toString('latin1');
  const stream = new Writable({
    decodeStrings: true,
    write: (chunk, _encoding, done) => (writes.push([text(chunk)]), done()),
    writev: (chunks, done) => (writes.push(chunks.map(({ chunk }) => text(chunk))), done()),
  });
  return { writes, output: new Output(stream as unknown as Socket) };
}

test('what is small leaves in one piece', () => {
  const { writes, output } = connection();
  output.add('head \xe4 ');
  output.add(Buffer.from('body'));
  assert.ok(output.pending);
  assert.equal(output.send(), true);
  assert.equal(output.pending, false);
  assert.deepEqual(writes, [['head \xe4 body']]);
});

test('what is large leaves in one write, without a copy', () => {
  const { writes, output } = connection();
  const large = Buffer.alloc(20_000, 'x');
  output.add('head');
  output.add(large);
  output.add('tail');
  output.send();
  assert.deepEqual(
    writes.map((pieces) => pieces.map((piece) => piece.length)),
    [[4, 20_000, 4]],
  );
});

test('the callback comes once, after the last piece, also if nothing was collected', async () => {
  const { output } = connection();
  for (const pieces of [['a'], ['a', 'b'], ['a', Buffer.alloc(20_000)], []]) {
    for (const piece of pieces) output.add(piece);
    let calls = 0;
    await new Promise<void>((resolve) => output.send(() => (calls++, resolve())));
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(calls, 1);
  }
});

test('a client that does not read is noticed, however many pieces were sent', () => {
  for (const pieces of [['x'.repeat(100)], ['a', 'x'.repeat(100)], ['a', Buffer.alloc(20_000)]]) {
    const output = new Output(new Writable({ highWaterMark: 64, write: () => undefined }) as unknown as Socket);
    for (const piece of pieces) output.add(piece);
    assert.equal(output.send(), false);
  }
});
