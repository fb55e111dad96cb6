import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { acceptRequest } from './accept-request.ts';
import { createTrust } from './client-address.ts';
import type { Trust } from './client-address.ts';
import type { HttpServerSettings } from './http-server-settings.ts';
import { readTrustedForwarded } from './trusted-forwarded-headers.ts';
import type { TrustedForwarded } from './trusted-forwarded-headers.ts';
import type { AcceptedHead } from '../http1/request-head.ts';
import { RawFields } from '../http1/received-fields.ts';
import { ListFields } from '../message/fields.ts';
import { recordOf } from '../message/test-fields.ts';
import type { FieldRecord } from '../message/test-fields.ts';

const trust = createTrust({ trustedCIDRs: ['10.0.0.0/8'] }) as Trust;
const PEER = '10.0.0.1';
const CONNECTION = { peer: PEER, scheme: 'http', port: 20439, authority: 'own.test' } as const;
const own = { 'x-forwarded-for': PEER, 'x-forwarded-proto': 'http', 'x-forwarded-port': '20439', 'x-forwarded-host': 'own.test' };

function read(raw: readonly string[], authority: string | undefined = 'own.test', by = trust): TrustedForwarded {
  const found = readTrustedForwarded(new ListFields(raw), { ...CONNECTION, authority }, by);
  assert.ok(found);
  return found;
}

/** The fields about the client's connection that a backend receives. */
function sent(raw: readonly string[], authority: string | undefined = 'own.test', by = trust): FieldRecord {
  const settings = { port: CONNECTION.port, viaName: 'me', trust: () => by } as HttpServerSettings;
  const head = { authority, requestId: 'id', fields: new RawFields([]) } as unknown as AcceptedHead;
  const received = { method: 'GET', target: '/', minor: 1, fields: new RawFields(raw), peer: PEER, scheme: 'http' } as const;
  const fields = recordOf(acceptRequest(received, head, undefined, settings).head.fields);
  return Object.fromEntries(Object.entries(fields).filter(([name]) => name.startsWith('x-forwarded-')));
}

const kept = (...raw: string[]): FieldRecord => sent(raw);

describe('the list of addresses', () => {
  test('is forwarded as received, with the peer appended', () => {
    assert.equal(kept('x-forwarded-for', '6.6.6.6,  junk')['x-forwarded-for'], '6.6.6.6,  junk, 10.0.0.1');
    assert.deepEqual(kept('Host', 'a'), own);
    assert.deepEqual(kept('X-Forwarded-For', ''), own);
  });

  test('repeated fields are one list, in their order', () => {
    const raw = ['X-Forwarded-For', '6.6.6.6', 'Accept', '*/*', 'x-FORWARDED-for', '2.2.2.2', 'X-Forwarded-For', '10.0.0.2'];
    assert.equal(kept(...raw)['x-forwarded-for'], '6.6.6.6, 2.2.2.2, 10.0.0.2, 10.0.0.1');
    assert.equal(read(raw).clientAddress, '2.2.2.2');
    const emptied = [...raw, 'X-Forwarded-For', ''];
    assert.equal(read(emptied).clientAddress, PEER, 'an empty field is an entry, too');
  });

  test('an empty first field does not hide the others', () => {
    assert.equal(read(['X-Forwarded-For', '', 'X-Forwarded-For', '2.2.2.2']).clientAddress, '2.2.2.2');
  });

  test('Connection cannot remove it', () => {
    assert.equal(read(['Connection', 'X-Forwarded-For', 'X-Forwarded-For', '2.2.2.2']).clientAddress, '2.2.2.2');
    assert.equal(read(['Connection', 'Forwarded', 'Forwarded', 'for=2.2.2.2']).clientAddress, '2.2.2.2');
  });
});

describe('X-Forwarded-Proto and -Port', () => {
  const PROTO = 'X-Forwarded-Proto';
  const PORT = 'X-Forwarded-Port';
  const bad = { proto: ['', 'ftp', 'https, http', 'https,', 'h ttp'], port: ['', '0', '65536', '080', '44 3', '443, 80', '-1'] };
  type Case = readonly [raw: readonly string[], proto: string, scheme: string, port: number, authority?: string];
  const cases: readonly Case[] = [
    [[PROTO, 'https', PORT, '443'], 'https', 'https', 443],
    [[PROTO, 'HTTPS', PORT, '8443'], 'https', 'https', 8443],
    [[PROTO, 'http', PORT, '443'], 'http', 'http', 443],
    [[PROTO, 'wss', PORT, '443'], 'wss', 'https', 443],
    [[PROTO, 'ws', PORT, '65535'], 'ws', 'http', 65535],
    [[PROTO, 'https', PORT, '443'], 'https', 'https', 443, 'own.test:8443'],
    // Proto alone.
    [[PROTO, 'https'], 'https', 'https', 443],
    [[PROTO, 'wss'], 'wss', 'https', 443],
    [[PROTO, 'http'], 'http', 'http', 80],
    [[PROTO, 'ws'], 'ws', 'http', 80],
    [[PROTO, 'https'], 'https', 'https', 8443, 'own.test:8443'],
    [[PROTO, 'https'], 'https', 'https', 8443, '[2001:db8::1]:08443'],
    [[PROTO, 'https'], 'https', 'https', 443, '[2001:db8::1]'],
    [[PROTO, 'https'], 'https', 'https', 443, 'own.test:'],
    [[PROTO, 'https'], 'https', 'https', 443, 'own.test:0'],
    [[PROTO, 'https', 'X-Forwarded-Host', 'other.test:1'], 'https', 'https', 443],
    ...bad.port.map((value): Case => [[PROTO, 'https', PORT, value], 'https', 'https', 443]),
    [[PROTO, 'https', PORT, '8443', PORT, '8443'], 'https', 'https', 443],
    // Port alone.
    [[PORT, '8443'], 'http', 'http', 8443],
    [[PORT, '8443'], 'http', 'http', 8443, 'own.test:1'],
    ...bad.proto.map((value): Case => [[PROTO, value, PORT, '8443'], 'http', 'http', 8443]),
    [[PROTO, 'https', PROTO, 'https', PORT, '8443'], 'http', 'http', 8443],
    // Neither.
    [[], 'http', 'http', 20439],
    [[], 'http', 'http', 20439, 'own.test:8443'],
    ...bad.proto.map((value): Case => [[PROTO, value], 'http', 'http', 20439]),
    ...bad.port.map((value): Case => [[PORT, value], 'http', 'http', 20439]),
    [[PROTO, 'https', PROTO, 'https'], 'http', 'http', 20439],
  ];
  for (const [raw, proto, scheme, port, authority] of cases)
    test(`${JSON.stringify(raw)}${authority === undefined ? '' : ` for ${authority}`}: ${proto}, ${scheme}, ${port}`, () => {
      const found = read(raw, authority);
      assert.deepEqual([found.proto ?? 'http', found.scheme, found.port], [proto, scheme, port]);
      const fields = sent(raw, authority);
      assert.deepEqual([fields['x-forwarded-proto'], fields['x-forwarded-port']], [proto, String(port)]);
    });

  test('HTTP/1.0 without Host: the default of the scheme', () => {
    const found = readTrustedForwarded(new ListFields([PROTO, 'https']), { ...CONNECTION, authority: undefined }, trust);
    assert.deepEqual([found?.scheme, found?.port], ['https', 443]);
  });
});

describe('X-Forwarded-Host', () => {
  const HOST = 'X-Forwarded-Host';
  for (const value of ['Shop.example:8443', '[2001:db8::1]:8443'])
    test(`${value} is kept`, () => {
      assert.deepEqual(kept(HOST, value), { ...own, 'x-forwarded-host': value });
      assert.deepEqual(kept(HOST, value, HOST, value), own, 'but not if it is repeated');
    });
  for (const value of ['', 'a b', 'a/b', 'u@a', 'a:99999', 'a, b', 'a,b', 'a'.repeat(400)])
    test(`${JSON.stringify(value).slice(0, 20)} is replaced by the proxy’s own`, () => assert.deepEqual(kept(HOST, value), own));
});

describe('Forwarded', () => {
  const hops = (trustedHops: number): Trust => createTrust({ trustedHops }) as Trust;
  const NOTHING: TrustedForwarded = {
    clientAddress: PEER,
    forwardedFor: PEER,
    proto: undefined,
    scheme: 'http',
    port: 20439,
    host: undefined,
  };
  const HTTPS = { proto: 'https', scheme: 'https', port: 443 } as const;
  type Case = readonly [what: string, field: string, expected: Partial<TrustedForwarded>, by?: Trust, authority?: string];
  const cases: readonly Case[] = [
    ['proto: the port is the default', 'for=2.2.2.2;proto=https', { proto: 'https', scheme: 'https', port: 443 }],
    ['names and values in capitals', 'For=2.2.2.2;PROTO=HTTPS', { proto: 'https', scheme: 'https', port: 443 }],
    ['wss', 'for=2.2.2.2;proto=wss', { proto: 'wss', scheme: 'https', port: 443 }],
    ['http', 'for=2.2.2.2;proto=http', { proto: 'http', port: 80 }],
    [
      'the port of host',
      'for=2.2.2.2;proto=https;host="shop.test:8443"',
      { proto: 'https', scheme: 'https', port: 8443, host: 'shop.test:8443' },
    ],
    [
      'host without a port: the port of Host',
      'for=2.2.2.2;proto=https;host=shop.test',
      { proto: 'https', scheme: 'https', port: 8443, host: 'shop.test' },
      trust,
      'own.test:8443',
    ],
    ['host alone', 'for=2.2.2.2;host="shop.test:8443"', { host: 'shop.test:8443' }],
    ['a malformed host', 'for=2.2.2.2;host="u@shop.test:1";proto=https', { proto: 'https', scheme: 'https', port: 443 }],
    ['a host that looks like a list', 'for=2.2.2.2;host="a,b"', {}],
    ['a scheme that is none', 'for=2.2.2.2;proto=gopher', {}],
    ['neither', 'for=2.2.2.2', {}],
    ['other parameters', 'for=2.2.2.2;by=_x;secret="a,;\\"b"', {}],
    ['a port', 'for="2.2.2.2:4711"', {}],
    ['IPv6', 'for="[2001:DB8:0::1]:80"', { clientAddress: '2001:db8::1', forwardedFor: `2001:db8::1, ${PEER}` }],
    [
      'what the client sent is further left',
      'for=6.6.6.6;proto=http, for=2.2.2.2;proto=https',
      { proto: 'https', scheme: 'https', port: 443, forwardedFor: `6.6.6.6, 2.2.2.2, ${PEER}` },
    ],
    [
      'proxies inside: the element of the outermost one counts',
      'for=6.6.6.6;proto=http, for=2.2.2.2;proto=https, for=10.0.0.3;proto=http',
      { proto: 'https', scheme: 'https', port: 443, forwardedFor: `6.6.6.6, 2.2.2.2, 10.0.0.3, ${PEER}` },
    ],
    [
      'the same by number',
      'for=6.6.6.6;proto=http, for=2.2.2.2;proto=https, for=10.0.0.3;proto=http',
      { proto: 'https', scheme: 'https', port: 443, forwardedFor: `6.6.6.6, 2.2.2.2, 10.0.0.3, ${PEER}` },
      hops(2),
    ],
    [
      'unknown in the client’s position: its address is that of the next one inwards',
      'for=unknown;proto=https, for=10.0.0.3;proto=http',
      { clientAddress: '10.0.0.3', forwardedFor: `unknown, 10.0.0.3, ${PEER}`, ...HTTPS },
      hops(2),
    ],
    [
      'the same, by ranges',
      'for=6.6.6.6;proto=ws, for=unknown;proto=https, for=10.0.0.3;proto=http',
      { clientAddress: '10.0.0.3', forwardedFor: `6.6.6.6, unknown, 10.0.0.3, ${PEER}`, ...HTTPS },
    ],
    [
      'unknown inwards of the client: counted and skipped',
      'for=2.2.2.2;proto=https, for=unknown;proto=http',
      { proto: 'https', scheme: 'https', port: 443, forwardedFor: `2.2.2.2, unknown, ${PEER}` },
      hops(2),
    ],
    ['an obfuscated name', 'for=_hidden;proto=https', { clientAddress: PEER, forwardedFor: `_hidden, ${PEER}`, ...HTTPS }],
    ['no for', 'proto=https', { clientAddress: PEER, forwardedFor: `unknown, ${PEER}`, ...HTTPS }],
    ['text that is no token', 'for="a, b";proto=https', { clientAddress: PEER, forwardedFor: `unknown, ${PEER}`, ...HTTPS }],
    ['an empty element counts', 'for=2.2.2.2;proto=https,', { clientAddress: PEER, forwardedFor: `2.2.2.2, unknown, ${PEER}` }],
    ['empty', '', NOTHING],
    ['malformed', 'for=2.2.2.2;proto=https;host=shop.test:8443', NOTHING],
    ['malformed further left', 'for="6.6.6.6, for=2.2.2.2;proto=https', NOTHING],
  ];
  for (const [what, field, expected, by, authority] of cases)
    test(`${what}: ${field}`, () => {
      const usual = { ...NOTHING, clientAddress: '2.2.2.2', forwardedFor: `2.2.2.2, ${PEER}` };
      assert.deepEqual(read(['Forwarded', field], authority, by), { ...usual, ...expected });
    });

  test('repeated fields are one list, in their order', () => {
    const raw = ['Forwarded', 'for=6.6.6.6;proto=http', 'forwarded', 'for=2.2.2.2;proto=https', 'FORWARDED', 'for=10.0.0.3'];
    const { clientAddress, scheme } = read(raw);
    assert.deepEqual([clientAddress, scheme], ['2.2.2.2', 'https']);
  });

  test('is ignored beside any of X-Forwarded-*, also an empty or malformed one', () => {
    for (const name of ['X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Port', 'X-Forwarded-Host'])
      for (const value of ['', '?']) {
        const list = name === 'X-Forwarded-For' && value !== '' ? `${value}, ${PEER}` : PEER;
        const raw = ['Forwarded', 'for=6.6.6.6;proto=https;host=evil.test', name, value];
        assert.deepEqual(read(raw), { ...NOTHING, forwardedFor: list }, `${name}: ${value}`);
      }
    assert.equal(read(['Forwarded', 'for=2.2.2.2', 'X-Forwarded-Server', 'a', 'X-Forwarded-Ssl', 'on']).clientAddress, '2.2.2.2');
  });
});

describe('whatever is sent', () => {
  const name = fc.constantFrom(
    ...['X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Port', 'X-Forwarded-Host', 'Forwarded', 'Connection', '__proto__'],
  );
  const piece = fc.constantFrom(
    ...['for=', 'proto=https', 'host=', '"', ',', ';', '2.2.2.2', '10.0.0.3', '[::1]:80', 'https', '443', '\\', 'a.test:1', ' '],
  );
  const value = fc.oneof(
    fc.string(),
    fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
  );
  const fields = fc.array(fc.tuple(name, value), { maxLength: 6 }).map((list) => list.flat());

  test('a peer that is not trusted keeps its own values', () => {
    const by = [trust, createTrust({ trustedCIDRs: ['::/0'] }) as Trust];
    const property = fc.property(fields, (raw) =>
      by.forEach((one) =>
        assert.equal(readTrustedForwarded(new ListFields(raw), { ...CONNECTION, peer: '11.0.0.1' }, one), undefined),
      ),
    );
    fc.assert(property);
  });

  test('a trusted one gets an address, a scheme, a port, and fields that agree', () => {
    const by = fc.constantFrom(trust, createTrust({ trustedHops: 3 }) as Trust);
    const property = fc.property(fields, by, (raw, one) => {
      const found = read(raw, 'own.test', one);
      assert.match(found.clientAddress, /^[0-9a-f.:]+$/);
      assert.ok(Number.isInteger(found.port) && found.port > 0 && found.port < 65536);
      const fields = sent(raw, 'own.test', one);
      const secure = /^(?:https|wss)$/.test(String(fields['x-forwarded-proto']));
      assert.deepEqual([secure ? 'https' : 'http', Number(fields['x-forwarded-port'])], [found.scheme, found.port]);
      assert.ok(found.forwardedFor.endsWith(PEER));
    });
    fc.assert(property, { numRuns: 500 });
  });
});
