import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { Upload } from './upload.ts';
import { RequestBody } from '../../message/request-body.ts';

const NOTHING = () => undefined;
const SOURCE = { start: NOTHING, pause: NOTHING, resume: NOTHING, sendContinue: NOTHING, refuseStalled: NOTHING };
const later = () => new Promise((resolve) => setImmediate(resolve));

/** A socket that keeps what each system call would have written. */
function recorder() {
  const writes: string[] = [];
  const socket = new Writable({
    decodeStrings: true,
    write: (chunk: Buffer, _encoding, done) => {
      writes.push(chunk.toString('latin1'));
      done();
    },
    writev: (chunks, done) => {
      writes.push(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer)).toString('latin1'));
      done();
    },
  });
  return { writes, socket: socket as unknown as Socket };
}

test('a head and a body that has arrived leave in one write', async () => {
  for (const [length, end, expected] of [
    [5, '', 'head hello'],
    [undefined, '0\r\n\r\n', 'head 5\r\nhello\r\n'],
  ] as const) {
    const { writes, socket } = recorder();
    // As node:http delivers what it has parsed: in the next tick.
    const start = (to: RequestBody) =>
      process.nextTick(() => {
        to.take(Buffer.from('hello'));
        to.finish([]);
      });
    let sent = 0;
    new Upload(new RequestBody({ ...SOURCE, start }, length, false), socket, Infinity, () => sent++).begin('head ');
    await later();
    assert.deepEqual([writes, sent], [[expected + end], 1]);
  }
});

test('a body that was kept is sent again, with the head', async () => {
  const body = new RequestBody(SOURCE, 5, false);
  body.hold(100);
  for (let i = 0; i < 2; i++) {
    const { writes, socket } = recorder();
    const upload = new Upload(body, socket, Infinity, NOTHING);
    upload.begin('head ');
    if (i === 0) {
      body.take(Buffer.from('hello'));
      body.finish([]);
    }
    await later();
    assert.deepEqual([writes, upload.ended], [['head hello'], true]);
    upload.stop();
  }
});

test('chunks that arrive together leave together; an empty one does not end the body', async () => {
  const { writes, socket } = recorder();
  const body = new RequestBody(SOURCE, undefined, false);
  new Upload(body, socket, Infinity, NOTHING).begin('head ');
  await later();
  for (const text of ['a', '', 'b', 'c']) body.take(Buffer.from(text));
  await later();
  body.finish(['x-sum', '1']);
  await later();
  assert.deepEqual(writes, ['head ', '1\r\na\r\n1\r\nb\r\n1\r\nc\r\n', '0\r\nx-sum: 1\r\n\r\n']);
});

test('trailers that HTTP/1 cannot carry, from an engine that lets them pass, are dropped: the body is whole', async () => {
  const { writes, socket } = recorder();
  const body = new RequestBody(SOURCE, undefined, false);
  new Upload(body, socket, Infinity, NOTHING).begin('head ');
  body.finish(['x', 'a\nb']);
  await later();
  assert.equal(writes.join(''), 'head 0\r\n\r\n');
});
