/** What counts as one request and one answer in the check that holds after every case. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAnswers, readSent } from './test-answers.ts';
import type { Conversation } from './test-answers.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const LAST = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
const CHUNKED = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
const UPGRADE = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n';

for (const [what, text, whole, more] of [
  ['nothing', '', 0, false],
  ['empty lines', '\r\n\r\n', 0, false],
  ['a part of a head', 'GET / HT', 0, true],
  ['two requests', `\r\n${GET}${GET}`, 2, false],
  ['a request after one that ends the connection', `${LAST}${GET}`, 1, false],
  ['a request after one of HTTP/1.0', `GET / HTTP/1.0\r\n\r\n${GET}`, 1, false],
  ['a request after one of HTTP/1.0 with keep-alive', `GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n${GET}`, 2, false],
  ['a request after one that asks for another protocol', `${UPGRADE}${GET}`, 1, false],
  ['a body with a length', `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi${GET}`, 2, false],
  ['a part of a body', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nh', 0, true],
  ['chunks with extensions and trailers', `${CHUNKED}2;a\r\nhi\r\n0\r\nX: 1\r\n\r\n${GET}`, 2, false],
  ['a bad chunk', `${GET}${CHUNKED}x\r\n${GET}`, 1, true],
  ['two lengths', `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n${GET}`, 0, true],
  ['an unknown coding', `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n${GET}`, 0, true],
] as const) {
  test(`requests in ${what}`, () => {
    const { methods, more: rest } = readSent(text);
    assert.deepEqual([methods.length, rest], [whole, more]);
  });
}

const answer = (status: string, fields = '') => `HTTP/1.1 ${status}\r\n${fields}Content-Length: 2\r\n\r\nok`;
const CLOSE = 'Connection: close\r\n';
const OK = answer('200 OK');
const TOO_MANY = /more answers than requests/;
const TOO_FEW = /fewer answers than requests/;

for (const [what, sent, received, ended, fault] of [
  ['one for one', GET, OK, 'open', undefined],
  ['two for one', GET, OK + OK, 'open', TOO_MANY],
  ['one for one, and the begin of another', GET, `${OK}HTTP/1.1 200 OK\r\n`, 'open', TOO_MANY],
  ['a refusal of what follows', `${GET}nonsense`, OK + answer('400 No', CLOSE), 'closed', undefined],
  ['two refusals of what follows', `${GET}nonsense`, OK + answer('400 No') + answer('400 No', CLOSE), 'closed', TOO_MANY],
  ['one to a request after the last', LAST + GET, answer('200 OK') + answer('200 OK', CLOSE), 'closed', TOO_MANY],
  ['a time-out to no request', '', answer('408 No', CLOSE), 'closed', undefined],
  ['a response to no request', '', OK, 'open', TOO_MANY],
  ['one for two, which says that it is the last', GET + GET, answer('200 OK', CLOSE), 'closed', undefined],
  ['one for two, which does not', GET + GET, OK, 'closed', TOO_FEW],
  ['none', GET, '', 'closed', TOO_FEW],
  ['none, and a reset', GET, '', 'reset', undefined],
  ['hints and a tunnel', UPGRADE, 'HTTP/1.1 103 E\r\n\r\nHTTP/1.1 101 S\r\n\r\n\x01\n', 'open', undefined],
] satisfies readonly (readonly [string, string, string, Conversation['ended'], RegExp | undefined])[]) {
  test(`answers: ${what}`, () => {
    if (fault) assert.throws(() => assertAnswers({ sent, received, ended }), fault);
    else assertAnswers({ sent, received, ended });
  });
}
