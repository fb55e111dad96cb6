import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LIMITS, readPieces } from './test-responses.ts';

const OK = 'HTTP/1.1 200 OK\r\n';
const chunked = (body: string) => `${OK}Transfer-Encoding: chunked\r\n\r\n${body}`;
/** One piece, and a piece for each byte. */
const ways = (text: string): string[][] => [[text], [...text]];

describe('a head', () => {
  test('keeps names in their case, duplicates in their lines, bytes above ASCII, and no white space around values', () => {
    for (const pieces of ways(`${OK}X-A:  one\t \r\nx-a:\r\nB: \xe4\xff two\r\nContent-Length: 0\r\n\r\n`)) {
      const { heads, ended } = readPieces(pieces);
      assert.deepEqual(heads, [[200, 'OK', 'X-A', 'one', 'x-a', '', 'B', '\xe4\xff two', 'Content-Length', '0']]);
      assert.equal(ended, 'whole');
    }
  });

  for (const [what, text] of [
    ['another protocol', 'hello\r\n\r\n'],
    ['HTTP/1.2', 'HTTP/1.2 200 OK\r\n\r\n'],
    ['HTTP/2', 'HTTP/2 200 OK\r\n\r\n'],
    ['an empty line before it', `\r\n${OK}\r\n`],
    ['status 099', 'HTTP/1.1 099 OK\r\n\r\n'],
    ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'],
    ['two spaces', 'HTTP/1.1  200 OK\r\n\r\n'],
    ['a bare CR in the reason phrase', 'HTTP/1.1 200 O\rK\r\n\r\n'],
    ['a bare LF after the first line', 'HTTP/1.1 200 OK\n\r\n'],
    ['a bare LF after a field', `${OK}A: b\n\r\n`],
    ['a bare CR in a value', `${OK}A: b\rc\r\n\r\n`],
    ['a bare CR after a field', `${OK}A: b\rC: d\r\n\r\n`],
    ['a bare LF at the end', `${OK}A: b\r\n\n`],
    ['a bare CR at the end', `${OK}A: b\r\n\rx`],
    ['a folded line', `${OK}A: b\r\n c\r\n\r\n`],
    ['white space before the first field', `${OK} A: b\r\n\r\n`],
    ['white space before a colon', `${OK}A : b\r\n\r\n`],
    ['no name', `${OK}: b\r\n\r\n`],
    ['no colon', `${OK}A\r\n\r\n`],
    ['a control character in a value', `${OK}A: \x01\r\n\r\n`],
    ['DEL in a value', `${OK}A: \x7f\r\n\r\n`],
    ['a name above ASCII', `${OK}\xe4: b\r\n\r\n`],
    ['a length twice', `${OK}Content-Length: 1\r\nContent-Length: 1\r\n\r\n`],
    ['a length that is no number', `${OK}Content-Length: 1e3\r\n\r\n`],
    ['a length of 16 digits', `${OK}Content-Length: 1000000000000000\r\n\r\n`],
    ['a length and a coding', `${OK}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`],
    ['another coding', `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n`],
    ['a coding twice', `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`],
    ['an interim response of HTTP/1.0 before it', `HTTP/1.0 103 Hints\r\n\r\n${OK}\r\n`],
    ['an interim response before it that ends the connection', `HTTP/1.1 103 Hints\r\nConnection: close\r\n\r\n${OK}\r\n`],
    ['a coding in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'],
  ] as const) {
    test(`is refused with ${what}`, () => {
      for (const pieces of ways(text)) assert.equal(readPieces(pieces).ended, 'malformed');
    });
  }

  test('is refused at the byte that makes it malformed, although its end is not in sight', () => {
    for (const text of ['j', 'HTTP/2', 'HTTP/1.1 200 OK\n', `${OK} `, `${OK}A `, `${OK}A: b\0`, `${OK}A: b\r\n\n`])
      for (const pieces of ways(text)) assert.equal(readPieces(pieces).ended, 'malformed', JSON.stringify(text));
  });

  test('has a limit of bytes and of fields', () => {
    const limits = { ...LIMITS, headBytes: 100, fields: 3 };
    const sized = (bytes: number) => `${OK}A: ${'x'.repeat(bytes - OK.length - 7)}\r\n\r\n`;
    const fields = (count: number) => `${OK}${'A: b\r\n'.repeat(count)}\r\n`;
    for (const [text, closes, ended] of [
      [sized(100), true, 'whole'],
      [sized(101), true, 'malformed'],
      [sized(101).slice(0, -1), false, 'incomplete'],
      [sized(102).slice(0, -1), false, 'malformed'],
      [`${OK}A: ${'x'.repeat(1000)}`, false, 'malformed'],
      [fields(3), true, 'whole'],
      [fields(4), true, 'malformed'],
    ] as const) {
      for (const pieces of ways(text)) assert.equal(readPieces(pieces, { limits, closes }).ended, ended, text);
    }
  });

  test('costs as much per byte when it arrives byte by byte, however long it is', () => {
    const cost = (bytes: number) => {
      const pieces = [...`${OK}A: ${'x'.repeat(bytes)}\r\nContent-Length: 0\r\n\r\n`];
      const before = process.cpuUsage();
      for (let i = 0; i < 64_000; i += bytes) assert.equal(readPieces(pieces).ended, 'whole');
      const { user } = process.cpuUsage(before);
      return user;
    };
    cost(1000);
    // If it were scanned from its start for each piece, one of 64 kB would cost 64 times those of 1 kB.
    assert.ok(cost(64_000) < 8 * cost(1000) + 50_000);
  });
});

describe('the end of a response', () => {
  for (const [what, text, body, rest] of [
    ['a length', `${OK}Content-Length: 2\r\n\r\nok and more`, 'ok', ' and more'],
    ['no body', `${OK}Content-Length: 0\r\n\r\nmore`, '', 'more'],
    ['204', 'HTTP/1.1 204 No\r\nContent-Length: 2\r\n\r\nok', '', 'ok'],
    ['304', 'HTTP/1.1 304 No\r\nTransfer-Encoding: chunked\r\n\r\nok', '', 'ok'],
    ['chunks', `${chunked('2\r\nok\r\n0\r\n\r\n')}more`, 'ok', 'more'],
    ['101', 'HTTP/1.1 101 Switching Protocols\r\nContent-Length: 1\r\n\r\ntunnel', '', 'tunnel'],
    ['an interim response before it', `HTTP/1.1 103 Hints\r\nA: b\r\n\r\n${OK}Content-Length: 1\r\n\r\nxy`, 'x', 'y'],
  ] as const) {
    test(what, () => {
      for (const pieces of ways(text)) {
        const read = readPieces(pieces);
        assert.deepEqual([read.ended, read.body, read.rest], ['whole', body, rest]);
      }
    });
  }

  test('HEAD: the head', () => {
    const { ended, body, rest } = readPieces([`${OK}Content-Length: 2\r\n\r\nok`], { bodiless: true });
    assert.deepEqual([ended, body, rest], ['whole', '', 'ok']);
  });

  test('without a length, the end of the connection', () => {
    for (const closes of [false, true]) {
      const { ended, body } = readPieces([`${OK}\r\n`, 'to ', 'the end'], { closes });
      assert.deepEqual([ended, body], [closes ? 'whole' : 'incomplete', 'to the end']);
    }
  });

  test('the end of the connection ends no other one', () => {
    for (const text of [OK, `${OK}Content-Length: 3\r\n\r\nok`, chunked('2\r\nok\r\n'), chunked('0\r\n')])
      assert.equal(readPieces([text], { closes: true }).ended, 'incomplete');
  });
});

describe('chunks', () => {
  const read = (body: string) => ways(chunked(body)).map((pieces) => readPieces(pieces));

  test('sizes of both cases and with leading zeros, extensions, trailers', () => {
    const payload = 'x'.repeat(0xab);
    const body = `aB;a\r\n${payload}\r\n001 ; a\t= b ;c="d \\" \xe4"\r\ny\r\n0;z\r\nX-Sum: 1\r\nx-sum:\t2 \r\n\r\n`;
    for (const { ended, body: got, trailers } of read(body))
      assert.deepEqual([ended, got, trailers], ['whole', `${payload}y`, ['X-Sum', '1', 'x-sum', '2']]);
  });

  for (const [what, body] of [
    ['no size', '\r\n'],
    ['a size that is no number', 'g\r\n'],
    ['a size with 0x', '0x1\r\na\r\n'],
    ['a signed size', '+1\r\na\r\n'],
    ['white space after a size', '1 \r\na\r\n'],
    ['white space after an extension', '1;a \r\na\r\n'],
    ['white space after a value', '1;a="b"\t\r\na\r\n'],
    ['white space instead of an extension', '1; \r\na\r\n'],
    ['white space instead of a value', '1;a= \r\na\r\n'],
    ['white space in a name', '1;a b;c\r\na\r\n'],
    ['white space in a value', '1;a=b c;d\r\na\r\n'],
    ['no semicolon', '1 a;b\r\na\r\n'],
    ['an empty extension', '1;\r\na\r\n'],
    ['an extension with an empty value', '1;a=\r\na\r\n'],
    ['an extension with LF in quotes', '1;a="\n"\r\na\r\n'],
    ['bytes after quotes', '1;a="b"c\r\na\r\n'],
    ['a bare LF after a size', '1\na\r\n'],
    ['a bare CR after a size', '1\ra\r\n'],
    ['a bare LF after a chunk', '1\r\na\n'],
    ['a chunk longer than its size', '1\r\nab\r\n'],
    ['a size beyond 2^53', '20000000000000\r\n'],
    ['more than 16 digits', '00000000000000001\r\na\r\n'],
    ['a trailer that is no field', '0\r\nA\r\n\r\n'],
    ['a bare LF after the last chunk', '0\r\n\n'],
    ['a folded trailer', '0\r\nA: b\r\n c\r\n\r\n'],
  ] as const) {
    test(`are refused with ${what}`, () => {
      for (const { ended } of read(body)) assert.equal(ended, 'malformed');
    });
  }

  test('extensions and trailers have limits, in total', () => {
    const extension = `1;${'a'.repeat(999)}\r\nx\r\n`;
    for (const [body, ended] of [
      [extension.repeat(16), 'incomplete'],
      [extension.repeat(17), 'malformed'],
      [`0\r\n${'A: b\r\n'.repeat(200)}\r\n`, 'whole'],
      [`0\r\n${'A: b\r\n'.repeat(201)}\r\n`, 'malformed'],
      [`0\r\nA: ${'b'.repeat(64 * 1024)}\r\n\r\n`, 'malformed'],
    ] as const) {
      for (const one of read(body)) assert.equal(one.ended, ended);
    }
  });

  test('small ones that arrive together are one piece; large ones are passed on as they are', () => {
    const small = '1\r\nx\r\n'.repeat(10_000);
    const [together] = read(`${small}0\r\n\r\n`);
    assert.deepEqual([together?.body.length, together?.pieces], [10_000, 1]);
    const large = `2000\r\n${'y'.repeat(0x2000)}\r\n`;
    const [mixed] = read(`${small}${large}${small}${large}0\r\n\r\n`);
    assert.deepEqual([mixed?.body.length, mixed?.pieces], [2 * (10_000 + 0x2000), 3]);
  });
});
