/** Request heads: methods, targets, versions, names and values. */
import { C, get } from '../../proxy/contract/test-request-case.ts';
import { cases } from './request-case.ts';
import type { DifferentialRequest } from './request-case.ts';

const line = (text: string) => `${text}\r\n${C}\r\n`;
/** Every byte from 0x80 on. */
const HIGH = String.fromCharCode(...Array.from({ length: 128 }, (_, i) => 128 + i));
const UTF8 = Buffer.from('Grüße – 日本').toString('latin1');

const METHODS = [
  'GET',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'PURGE',
  'LOCK',
  'M-SEARCH',
  "A!#$%&'*+.^_`|~9",
  'X',
];
const TARGETS = [
  ...['/', '/a/b', '/a/', '//a', '/a//b', '/a/./b', '/a/../b', '/a/b/..', '/.', '/...', '/a/.b'],
  ...['/%41', '/%7e', '/%7E', '/%2e/a', '/a%2Fb', '/a%2fb', '/a%20b', '/%c3%a4', '/a+b', '/a;x=y', '/a:b', '/@a'],
  ...['/?', '/a?b', '/a?b?c', '/a?x=%41', '/a?x=../y', '/a?x//y', '/a?[x]', "/a'b(c)", '/a,b', '/a~b_c-d', '/a=b&c', '/a$b!c'],
  ...['/a|b', '/a{b}', '/a"b', '/a<b>', '/a^b', '/a`b', '/a[b]', '/%zz', '/a#b', `/${'x'.repeat(4000)}`, `/?${'x'.repeat(4000)}`],
  ...['http://a', 'http://a/', 'http://a/x', 'http://a?x', 'HTTP://a/x', 'http://A/x'],
];
const VERSIONS = ['http/1.1', 'HTTP/01.1', 'HTTP/1.10', 'HTTP/1.', 'HTTP/1', 'HTTP/3.0', 'HTP/1.1', 'HTTP/1.1 x'];

/** Fields beside Host and Connection. */
const FIELDS: readonly (readonly [what: string, fields: string])[] = [
  ['a name with every character of a token', "!#$%&'*+-.^`|~09azAZ: 1\r\n"],
  ['names in mixed case', 'X-MiXeD: 1\r\nx-lower: 2\r\nX-UPPER: 3\r\naccept: 4\r\nUSER-AGENT: 5\r\n'],
  ['a name with an underscore', 'X_Mine: 1\r\n'],
  ['a name with a dot', 'X.Mine: 1\r\n'],
  ['a name of digits', '123: 1\r\n'],
  ['a name of 200 characters', `${'x'.repeat(200)}: 1\r\n`],
  ['two lines of one name', 'X-List: 1\r\nX-List: 2\r\n'],
  ['two lines of one name, the same', 'X-List: 1\r\nX-List: 1\r\n'],
  ['two lines of one name, with another between', 'X-List: 1\r\nX-Other: x\r\nX-List: 2\r\n'],
  ['two lines of one name in different case', 'X-List: 1\r\nx-list: 2\r\n'],
  ['two lines of one name, one of them empty', 'X-List:\r\nX-List: 2\r\n'],
  ['a list in one line', 'X-List: 1, 2,3 ,, 4\r\n'],
  ['two lines of Accept', 'Accept: text/html\r\nAccept: */*\r\n'],
  ['two lines of Cookie', 'Cookie: a=1\r\nCookie: b=2\r\n'],
  ['ten lines of Cookie', Array.from({ length: 10 }, (_, i) => `Cookie: c${i}=${i}\r\n`).join('')],
  ['Cookie with several pairs', 'Cookie: a=1; b=2;c="x y"\r\n'],
  ['two lines of Authorization', 'Authorization: Basic YQ==\r\nAuthorization: Basic Yg==\r\n'],
  ['two lines of User-Agent', 'User-Agent: a\r\nUser-Agent: b\r\n'],
  ['two lines of Referer', 'Referer: http://a/\r\nReferer: http://b/\r\n'],
  ['two lines of Content-Type', 'Content-Type: text/plain\r\nContent-Type: text/html\r\n'],
  ['two lines of If-Modified-Since', 'If-Modified-Since: x\r\nIf-Modified-Since: y\r\n'],
  ['two lines of From', 'From: a@a\r\nFrom: b@b\r\n'],
  ['two lines of Range', 'Range: bytes=0-1\r\nRange: bytes=2-3\r\n'],
  ['two lines of X-Real-IP', 'X-Real-IP: 1\r\nX-Real-IP: 2\r\n'],
  ['every byte above ASCII', `X-High: ${HIGH}\r\n`],
  ['UTF-8 in a value', `X-Text: ${UTF8}\r\n`],
  ['UTF-8 in User-Agent', `User-Agent: ${UTF8}\r\n`],
  ['UTF-8 in Cookie', `Cookie: a=${UTF8}\r\n`],
  ['UTF-8 in a list of lines', `X-Text: ${UTF8}\r\nX-Text: ${HIGH}\r\n`],
  ['a tab within a value', 'X: a\tb\r\n'],
  ['spaces within a value', 'X: a   b\r\n'],
  ['a value of white space', 'X: \t \t\r\n'],
  ['tabs around a value', 'X:\t\ta\t\t\r\n'],
  ['a colon in a value', 'X: a:b::c\r\n'],
  ['a colon at the start of a value', 'X: :a\r\n'],
  ['quotes, a comma and a backslash in a value', 'X: "a, \\"b" , c\r\n'],
  ['a value of 8,000 characters', `X: ${'x'.repeat(8000)}\r\n`],
  ['60 names', Array.from({ length: 60 }, (_, i) => `X-${i}: ${i}\r\n`).join('')],
  [
    'the fields of a browser',
    'User-Agent: M\r\nAccept: */*\r\nAccept-Encoding: gzip, br\r\nAccept-Language: de\r\nReferer: http://a/\r\nSec-Fetch-Mode: cors\r\nDNT: 1\r\n',
  ],
  ['conditions and ranges', 'If-None-Match: "a", W/"b"\r\nIf-Match: *\r\nIf-Range: "a"\r\nRange: bytes=0-\r\n'],
  ['Cache-Control and Pragma', 'Cache-Control: no-cache\r\nCache-Control: max-age=0\r\nPragma: no-cache\r\n'],
  ['Origin and Access-Control', 'Origin: null\r\nAccess-Control-Request-Headers: X-A, x-b\r\n'],
  ['Date, Priority and Early-Data', 'Date: Sat, 01 Jan 2000 00:00:00 GMT\r\nPriority: u=1\r\nEarly-Data: 1\r\n'],
  ['Max-Forwards with GET', 'Max-Forwards: 0\r\n'],
  ['TE', 'TE: trailers\r\n'],
  ['TE that Connection does not name, with codings', 'TE: gzip;q=0.5, trailers\r\n'],
  ['Keep-Alive', 'Keep-Alive: timeout=5\r\n'],
  ['Proxy-Connection', 'Proxy-Connection: keep-alive\r\n'],
  ['Proxy-Authorization', 'Proxy-Authorization: Basic YQ==\r\n'],
  ['Trailer without trailers', 'Trailer: X-Sum\r\n'],
  ['Upgrade that Connection does not name', 'Upgrade: example/1\r\n'],
  ['Content-Encoding and Content-Language', 'Content-Encoding: gzip\r\nContent-Language: de\r\n'],
];

export const HEADS: readonly DifferentialRequest[] = [
  ...cases(METHODS.map((method) => [`the method ${method}`, line(`${method} /m HTTP/1.1`)])),
  ...cases(TARGETS.map((target) => [`the target ${target.slice(0, 20)}`, get('', target)])),
  ...cases(VERSIONS.map((version) => [`the version ${version}`, line(`GET / ${version}`)])),
  ...cases(FIELDS.map(([what, fields]) => [what, get(fields)])),
];
