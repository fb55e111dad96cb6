import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RequestBody } from './request-body.ts';
import type { BodyReader, BodySource } from './request-body.ts';

/** A client that records the calls it receives. */
class RecordedSource implements BodySource {
  calls: string[] = [];
  start(): void {
    this.calls.push('start');
  }
  pause(): void {
    this.calls.push('pause');
  }
  resume(): void {
    this.calls.push('resume');
  }
  sendContinue(): void {
    this.calls.push('continue');
  }
  refuseStalled(): void {
    this.calls.push('refuse');
  }
}

/** A backend that can take `room` chunks. */
class BoundedReader implements BodyReader {
  got = '';
  trailers: readonly string[] | undefined;
  room: number;
  constructor(room = Infinity) {
    this.room = room;
  }
  write(chunk: Buffer): boolean {
    this.got += chunk.toString();
    return --this.room > 0;
  }
  end(trailers: readonly string[]): void {
    this.trailers = trailers;
  }
}

function body(limit: number, awaitsContinue = false) {
  const source = new RecordedSource();
  const made = new RequestBody(source, undefined, awaitsContinue);
  made.hold(limit);
  return { source, body: made };
}

test('nothing is read before a reader attaches; then it receives chunks, end and trailers', () => {
  const { source, body: b } = body(0);
  assert.deepEqual(source.calls, []);
  const reader = new BoundedReader();
  b.attach(reader);
  b.take(Buffer.from('ab'));
  b.take(Buffer.from('c'));
  b.finish(['x-sum', '1']);
  assert.deepEqual([source.calls, reader.got, reader.trailers], [['start'], 'abc', ['x-sum', '1']]);
  assert.deepEqual([b.bytes, b.complete], [3, true]);
});

test('a body that fits the limit is sent again from its start, also after its end', () => {
  const { source, body: b } = body(4);
  const first = new BoundedReader();
  b.attach(first);
  b.take(Buffer.from('abcd'));
  b.detach(first);
  assert.ok(b.replayable);
  const second = new BoundedReader();
  b.attach(second);
  assert.deepEqual([source.calls, second.got], [['start', 'pause', 'resume'], 'abcd']);
  b.finish([]);
  const third = new BoundedReader();
  b.attach(third);
  assert.deepEqual([first.trailers, third.got, third.trailers], [undefined, 'abcd', []]);
});

test('a body that exceeds the limit cannot be sent again', () => {
  const { body: b } = body(3);
  b.attach(new BoundedReader());
  b.take(Buffer.from('abcd'));
  assert.equal(b.replayable, false);
});

test('after release nothing is kept, and only an empty body can be sent again', () => {
  const { body: b } = body(9);
  b.release();
  assert.equal(b.replayable, true);
  b.attach(new BoundedReader());
  b.take(Buffer.from('a'));
  assert.equal(b.replayable, false);
});

test('a full reader pauses the client until it resumes; meanwhile nothing is awaited from the client', () => {
  const { source, body: b } = body(0);
  const reader = new BoundedReader(1);
  b.attach(reader);
  assert.equal(b.awaited, true);
  b.take(Buffer.from('a'));
  assert.deepEqual([source.calls, b.awaited], [['start', 'pause'], false]);
  b.resume(new BoundedReader());
  assert.deepEqual(source.calls, ['start', 'pause'], 'only the attached reader resumes it');
  b.resume(reader);
  assert.deepEqual([source.calls.at(-1), b.awaited], ['resume', true]);
  b.finish([]);
  assert.equal(b.awaited, false);
});

test('a client that waits for 100 (Continue) receives it once', () => {
  const { source, body: b } = body(0, true);
  assert.equal(b.awaitsContinue, true);
  b.sendContinue();
  b.sendContinue();
  assert.deepEqual([source.calls, b.awaitsContinue], [['continue'], false]);
});

test('nothing is read while another reader is sought; the rest goes to that one, or to the first if the body is released', () => {
  for (const other of [true, false]) {
    const { source, body: b } = body(4);
    const first = new BoundedReader();
    b.attach(first);
    b.take(Buffer.from('ab'));
    b.suspend();
    b.resume(first);
    assert.deepEqual(source.calls, ['start', 'pause']);
    const second = new BoundedReader();
    if (other) {
      b.detach(first);
      b.attach(second);
    } else b.release();
    assert.equal(source.calls.at(-1), 'resume');
    b.take(Buffer.from('cdef'));
    b.finish([]);
    assert.deepEqual([first.got, second.got], other ? ['ab', 'abcdef'] : ['abcdef', '']);
  }
});
