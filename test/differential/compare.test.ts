/** The comparison itself: a difference that it could not see would be none. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareFields, compareRequests, compareResponses } from './compare.ts';
import type { Conversation } from './conversation.ts';
import { holdAgainst, NGINX, on } from './differences.ts';
import type { Listed } from './differences.ts';
import { readRequests, readResponses } from './plain-reader.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const BAD = 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n';
const talk = (text: string, ...received: string[]): Conversation => ({ text, ended: 'closed', received });
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

test('fields: lost, added, changed, joined, spelled in another way; those of a connection do not count', () => {
  const differs = (ours: string, theirs: string) => {
    const [mine = [], other = []] = [ours, theirs].map(
      (fields) => readRequests(`GET / HTTP/1.1\r\n${fields}\r\n`).messages[0]?.fields,
    );
    return compareFields(mine, other);
  };
  assert.deepEqual(differs('A: 1\r\nB: 2\r\n', 'B: 2\r\nA: 1\r\n'), []);
  assert.deepEqual(differs('A: 1\r\n', 'B: 1\r\n'), ['lacks a', 'adds b']);
  assert.deepEqual(differs('A: 1\r\n', 'A: 2\r\n'), ['value of a']);
  assert.deepEqual(differs('A: \xe4\r\n', 'A: \xc3\xa4\r\n'), ['value of a']);
  assert.deepEqual(differs('A: 1\r\nA: 2\r\n', 'A: 2\r\nA: 1\r\n'), ['value of a']);
  assert.deepEqual(differs('A: 1\r\nA: 2\r\n', 'A: 1, 2\r\n'), ['lines of a']);
  assert.deepEqual(differs('Cookie: a=1\r\nCookie: b=2\r\n', 'Cookie: a=1; b=2\r\n'), ['lines of cookie']);
  assert.deepEqual(differs('A: 1\r\nB: 1\r\n', 'a: 1\r\nb: 1\r\n'), ['case of names']);
  assert.deepEqual(differs('Host: a\r\nX: 1\r\n', 'host: a\r\nx: 1\r\n'), ['case of host', 'case of names']);
  assert.deepEqual(differs('Connection: close\r\nVia: 1.1 x\r\n', 'X-Forwarded-For: 1\r\n'), []);
});

test('requests: answers and number first, then method, target, body and trailers of each', () => {
  const chunked = (chunks: string) => `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`;
  const differs = (ours: Conversation, theirs: Conversation) => compareRequests('GET', ours, theirs);
  assert.deepEqual(differs(talk(OK, GET), talk(OK, GET)), []);
  assert.deepEqual(differs(talk(OK + OK, GET + GET), talk(OK + OK, GET, GET)), []);
  assert.deepEqual(differs(talk(BAD), talk(OK, GET)), ['4xx/0, peer 2xx/1']);
  assert.deepEqual(differs(talk(OK, GET), talk(OK + OK, GET + GET)), ['2xx/1, peer 2xx 2xx/2']);
  assert.deepEqual(differs(talk(OK, GET), talk('', GET)), ['2xx/1, peer nothing/1']);
  assert.deepEqual(differs(talk(OK, GET), talk(OK, GET.replace('GET /', 'PUT /x'))), ['method', 'target']);
  assert.deepEqual(differs(talk(OK, chunked('1\r\na\r\n0\r\n\r\n')), talk(OK, chunked('1\r\nb\r\n0\r\nX: 1\r\n\r\n'))), [
    'body',
    'trailers: adds x',
  ]);
  // A request that its proxy gave up is none.
  assert.deepEqual(differs(talk(BAD, chunked('1\r\na\r\n')), talk(BAD)), []);
});

test('responses: whole or cut, interim ones, framing and reason; a proxy’s own text does not count', () => {
  const differs = (ours: string, theirs: string) => compareResponses('GET', talk(ours), talk(theirs));
  assert.deepEqual(differs(OK, OK), []);
  assert.deepEqual(differs(OK, OK.slice(0, -1)), ['200, peer cut']);
  assert.deepEqual(differs(OK, `HTTP/1.1 103 Early Hints\r\n\r\n${OK}`), ['200, peer 103 200']);
  assert.deepEqual(differs(OK, `${'HTTP/1.1 102 Processing\r\n\r\n'.repeat(33)}${OK}`), ['200, peer 102×33 200']);
  assert.deepEqual(differs(OK, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'), [
    'framing length, peer chunked',
  ]);
  assert.deepEqual(differs(OK, 'HTTP/1.0 200 Fine\r\n\r\nno'), [
    'reason phrase',
    'version',
    'framing length, peer close',
    'body',
  ]);
  assert.deepEqual(differs('HTTP/1.1 502 Bad\r\nX: 1\r\n\r\na', 'HTTP/1.1 502 Worse\r\n\r\nb'), []);
});

test('responses without a body by their status or method', () => {
  const read = (text: string, methods: readonly string[]) =>
    readResponses(text, methods, true).messages.map((m) => [m.status, m.body]);
  const head = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n';
  assert.deepEqual(read(head + OK, ['HEAD', 'GET']), [
    [200, ''],
    [200, 'ok'],
  ]);
  assert.deepEqual(read(`HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n${OK}`, []), [
    [304, ''],
    [200, 'ok'],
  ]);
});

test('a table is held against what was found, both ways and for each peer', () => {
  const table = (differs: readonly string[], cases: readonly string[] | 'any'): readonly Listed[] => [
    { kind: 'stricter', why: 'a reason', where: [on(NGINX, differs, cases)] },
  ];
  const found = new Map([
    ['one', ['target']],
    ['three', ['body']],
  ]);
  const listed = table(['target'], ['one', 'two']);
  assert.deepEqual(holdAgainst(listed, 'nginx', found), { unlisted: ['three: body'], gone: ['two: target'] });
  assert.deepEqual(holdAgainst(listed, 'haproxy', found), { unlisted: ['one: target', 'three: body'], gone: [] });
  const anywhere = table(['body', 'method'], 'any');
  assert.deepEqual(holdAgainst(anywhere, 'nginx', found), { unlisted: ['one: target'], gone: ['method'] });
});
