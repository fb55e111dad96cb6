import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PieceList } from './piece-list.ts';

test('many small pieces take few buffers, and little memory', () => {
  const list = new PieceList();
  for (let i = 0; i < 65_536; i++) list.push(Buffer.of(i & 0xff));
  assert.ok(list.pieces.length <= 17, String(list.pieces.length));
  const stores = new Set(list.pieces.map(({ buffer }) => buffer));
  assert.ok([...stores].reduce((sum, { byteLength }) => sum + byteLength, 0) <= 128 * 1024);
});

test('large pieces and a first one are kept as they are', () => {
  const list = new PieceList();
  const pieces = [Buffer.from('first'), Buffer.alloc(2000, 'a'), Buffer.alloc(3000, 'b')];
  for (const piece of pieces) list.push(piece);
  assert.deepEqual(
    list.pieces.map((piece, i) => piece === pieces[i]),
    [true, true, true],
  );
});

test('whatever is pushed, taken and put back, the bytes come out in their order', () => {
  const size = fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 1500 }), fc.integer({ min: 1, max: 6000 }));
  const step = fc.oneof(
    { weight: 3, arbitrary: size.map((bytes) => ({ push: bytes })) },
    fc.constant('shift' as const),
    fc.nat(100).map((kept) => ({ putBack: kept })),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const list = new PieceList();
      let written = 0;
      let expected = 0;
      const check = (piece: Buffer) => {
        for (const byte of piece) assert.equal(byte, expected++ & 0xff);
      };
      for (const one of steps) {
        if (one === 'shift') check(list.shift() ?? Buffer.alloc(0));
        else if ('push' in one) {
          const source = Buffer.from(Array.from({ length: one.push }, () => written++ & 0xff));
          list.push(source);
        } else {
          const piece = list.shift();
          if (!piece) continue;
          const at = Math.min(one.putBack, piece.length - 1);
          check(piece.subarray(0, at));
          list.unshift(piece.subarray(at));
        }
      }
      for (const piece of list.take()) check(piece);
      assert.equal(expected, written);
      assert.equal(list.pieces.length, 0);
    }),
  );
});
