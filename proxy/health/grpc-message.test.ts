import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeStatus, encodeCheck } from './grpc-message.ts';

const frame = (...message: number[]) => Buffer.from([0, 0, 0, 0, message.length, ...message]);

test('the request names a service, or has no field', () => {
  assert.deepEqual([...encodeCheck('')], [0, 0, 0, 0, 0]);
  assert.deepEqual([...encodeCheck('ab')], [0, 0, 0, 0, 4, 0x0a, 2, 0x61, 0x62]);
  const long = encodeCheck('x'.repeat(300));
  assert.deepEqual([...long.subarray(0, 8)], [0, 0, 0, 1, 47, 0x0a, 0xac, 0x02]);
  assert.equal(long.length, 5 + 1 + 2 + 300);
});

test('the status of a response, with or without other fields', () => {
  assert.equal(decodeStatus(frame()), 'UNKNOWN', 'a field that is 0 is left out');
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((n) => decodeStatus(frame(8, n))),
    ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN', 'status 4'],
  );
  assert.equal(decodeStatus(frame(0x12, 2, 8, 2, 8, 1)), 'SERVING', 'a string of two bytes');
  assert.equal(decodeStatus(frame(0x11, 0, 0, 0, 0, 0, 0, 0, 0, 8, 1)), 'SERVING', 'a double');
  assert.equal(decodeStatus(frame(8, 1, 0x15, 0, 0, 0, 0)), 'SERVING', 'a float');
  assert.equal(decodeStatus(frame(8, 1, 8, 2)), 'NOT_SERVING', 'the last one counts');
  assert.equal(decodeStatus(frame(8, 0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00)), 'SERVING', 'ten bytes');
});

test('malformed or truncated responses are undefined', () => {
  for (const bytes of [
    [],
    [0, 0, 0, 0],
    [1, 0, 0, 0, 2, 8, 1],
    [0, 0, 0, 0, 3, 8, 1],
    [0, 0, 0, 0, 1, 8, 1],
    [...frame(8)],
    [...frame(8, 0x80)],
    [...frame(8, ...new Array<number>(10).fill(0x80), 1)],
    [...frame(0x0a, 9, 1)],
    [...frame(0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 1)],
    [...frame(0x0b)],
    [...frame(0x11, 1)],
  ]) {
    assert.equal(decodeStatus(Buffer.from(bytes)), undefined, bytes.join());
  }
});

test('no input makes it throw or loop', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.boolean(), (bytes, framed) => {
      const said = decodeStatus(framed ? frame(...bytes) : Buffer.from(bytes));
      assert.ok(said === undefined || said.length > 0);
    }),
  );
});
