import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { RequestReader } from './http-request.ts';
import { requestBytes, type RequestShape } from './request-shape.ts';

const SHAPES: readonly RequestShape[] = [
  {},
  { path: '/?bytes=9', browser: true },
  { close: true },
  { method: 'POST', body: 1000 },
  { method: 'POST', body: 17, chunk: 1 },
  { method: 'POST', body: 400, chunk: 48, path: '/a' },
];

test('every request of the load generator is read once, however its bytes are split', () => {
  fc.assert(
    fc.property(fc.constantFrom(...SHAPES), fc.array(fc.nat(3000), { maxLength: 20 }), (shape, cuts) => {
      const bytes = requestBytes(shape, 'h');
      const offsets = [...new Set([0, ...cuts.map((cut) => cut % bytes.length), bytes.length])].sort((a, b) => a - b);
      const reader = new RequestReader();
      for (const _ of ['first', 'second']) {
        const found = offsets.slice(1).map((end, i) => reader.feed(bytes.subarray(offsets[i], end)));
        assert.deepEqual(found.slice(0, -1).filter(Boolean), []);
        assert.deepEqual(found.at(-1), { target: shape.path ?? '/', close: shape.close === true });
      }
    }),
  );
});
