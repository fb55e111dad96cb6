import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createTrust, entriesFromTheRight } from './client-address.ts';
import type { Trust } from './client-address.ts';

const PEER = '10.0.0.1';
const hops = (trustedHops: number): Trust => createTrust({ trustedHops }) as Trust;
const ranges = (...trustedCIDRs: string[]): Trust => createTrust({ trustedCIDRs }) as Trust;
const PRIVATE = ['10.0.0.0/8', '192.168.0.1/16', 'fd00::/8', '2001:db8::7/128'];
const within = ranges(...PRIVATE);
/** The client's address in an X-Forwarded-For that the peer sent. */
const clientOf = (trust: Trust, list: string): string => trust.read(entriesFromTheRight(list)).address ?? PEER;

test('without clientAddress no peer is trusted', () => assert.equal(createTrust(undefined), undefined));

describe('trusted hops', () => {
  const cases: readonly [name: string, hops: number, list: string, client: string][] = [
    ['one proxy: the last entry', 1, '203.0.113.9', '203.0.113.9'],
    ['entries of the client are further left', 1, '6.6.6.6, 203.0.113.9', '203.0.113.9'],
    ['two proxies: the last but one', 2, '6.6.6.6, 203.0.113.9, 10.0.0.2', '203.0.113.9'],
    ['no list', 1, '', PEER],
    ['fewer entries than proxies: the outermost one', 3, '203.0.113.9, 10.0.0.2', '203.0.113.9'],
    ['a port', 1, '203.0.113.9:4711', '203.0.113.9'],
    ['IPv6', 1, '2001:db8::1', '2001:db8::1'],
    ['IPv6 in capitals and at length', 1, '2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['IPv6 in brackets', 1, '[2001:db8::1]', '2001:db8::1'],
    ['IPv6 with a port', 1, '[2001:db8::1]:80', '2001:db8::1'],
    ['IPv4 as IPv6', 1, '::ffff:203.0.113.9', '203.0.113.9'],
    ['IPv4 as IPv6, in another spelling, with a port', 1, '[0:0::FFFF:cb00:7109]:1', '203.0.113.9'],
    ['white space', 1, ' 6.6.6.6 ,\t203.0.113.9 ', '203.0.113.9'],
    ['no white space', 1, '6.6.6.6,203.0.113.9', '203.0.113.9'],
    ['unknown', 1, '6.6.6.6, unknown', PEER],
    ['an obfuscated name', 1, '6.6.6.6, _hidden', PEER],
    ['not an address in the client’s position: the next one inwards', 2, '6.6.6.6, unknown, 10.0.0.2', '10.0.0.2'],
    ['not an address inwards of the client: counted and skipped', 2, '6.6.6.6, 203.0.113.9, unknown', '203.0.113.9'],
    ['an empty entry is an entry', 1, '6.6.6.6, ', PEER],
    ['two empty entries are two', 2, '6.6.6.6,,', PEER],
    ['a comma alone', 32, ',', PEER],
    ['leading zeros', 1, '0203.0.113.9', PEER],
    ['too many numbers', 1, '1.2.3.4.5', PEER],
    ['too few numbers', 1, '1.2.3', PEER],
    ['a port that is not a number', 1, '1.2.3.4:port', PEER],
    ['a port that is too long', 1, '1.2.3.4:123456', PEER],
    ['IPv4 in brackets', 1, '[1.2.3.4]', PEER],
    ['an open bracket', 1, '[2001:db8::1', PEER],
    ['a zone', 1, 'fe80::1%eth0', PEER],
    ['quotes', 1, '"203.0.113.9"', PEER],
    ['a whole Forwarded element', 1, 'for=203.0.113.9', PEER],
    ['spaces inside', 1, '203.0.113.9 203.0.113.8', PEER],
    ['very long', 1, `${'1'.repeat(60_000)}`, PEER],
    ['1,000 entries', 3, Array.from({ length: 1000 }, (_, i) => `1.1.${i >> 8}.${i & 255}`).join(', '), '1.1.3.229'],
    ['fewer entries than proxies, none of them an address', 32, Array(20).fill('?').join(','), PEER],
  ];
  for (const [name, n, list, client] of cases)
    test(name, () => {
      assert.ok(hops(n).trusts(PEER));
      assert.equal(clientOf(hops(n), list), client);
    });
});

describe('trusted ranges', () => {
  test('which peers are trusted', () => {
    const trusted = ['10.0.0.0', '10.255.255.255', '192.168.77.1', 'fd12::1', 'fd12::1%eth0', '2001:db8::7'];
    const others = ['9.255.255.255', '11.0.0.0', '192.169.0.1', 'fc00::1', '2001:db8::8', '::ffff:10.0.0.1', 'unknown', ''];
    for (const peer of trusted) assert.ok(within.trusts(peer), peer);
    for (const peer of others) assert.ok(!within.trusts(peer), peer);
  });

  test('a range that is the whole of one family contains nothing of the other', () => {
    assert.deepEqual([ranges('::/0').trusts('1.2.3.4'), ranges('0.0.0.0/0').trusts('2001:db8::1')], [false, false]);
    assert.deepEqual([ranges('::/0').trusts('2001:db8::1'), ranges('0.0.0.0/0').trusts('1.2.3.4')], [true, true]);
    assert.equal(clientOf(ranges('::/0'), '6.6.6.6, 0::ffff:1.2.3.4, fd00::2'), '1.2.3.4');
  });

  const cases: readonly [name: string, list: string, client: string][] = [
    ['the first one outside the ranges', '6.6.6.6, 203.0.113.9', '203.0.113.9'],
    ['after proxies of both families', '6.6.6.6, 203.0.113.9, fd00::2, 10.0.0.2', '203.0.113.9'],
    ['a proxy with its port', '6.6.6.6, 203.0.113.9:1, [FD00::2]:2, 10.0.0.2:3', '203.0.113.9'],
    ['an IPv4 proxy as IPv6', '6.6.6.6, 203.0.113.9, ::ffff:10.0.0.2', '203.0.113.9'],
    ['only proxies: the outermost', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['no list', '', PEER],
    ['an entry that is not an address ends the chain', '203.0.113.9, unknown, 10.0.0.2', '10.0.0.2'],
    ['an empty entry ends the chain, too', '203.0.113.9,, 10.0.0.2', '10.0.0.2'],
    ['the last entry is not an address', '203.0.113.9, unknown', PEER],
    ['1,000 entries of the client', `${'6.6.6.6, '.repeat(1000)}203.0.113.9`, '203.0.113.9'],
    ['1,000 proxies: at most 32 are read', `203.0.113.9${', 10.0.0.3'.repeat(968)}${', 10.0.0.2'.repeat(32)}`, '10.0.0.2'],
  ];
  for (const [name, list, client] of cases) test(name, () => assert.equal(clientOf(within, list), client));

  test('64 ranges', () => {
    const many = ranges(...Array.from({ length: 64 }, (_, i) => `10.${i}.0.0/16`));
    assert.deepEqual([many.trusts('10.63.1.1'), many.trusts('10.64.1.1')], [true, false]);
    assert.equal(clientOf(many, '6.6.6.6, 10.64.0.1, 10.63.0.1'), '10.64.0.1');
  });
});

describe('whatever a client sends', () => {
  const entry = fc.oneof(fc.ipV4(), fc.ipV6(), fc.string(), fc.constantFrom('', ',', '10.0.0.9', 'unknown', '[::1]:80', '%'));
  const sent = fc.array(entry, { maxLength: 40 }).map((entries) => entries.join(', '));
  const before = (list: string, ...appended: string[]): string => [...(list === '' ? [] : [list]), ...appended].join(', ');

  test('only the proxies’ own entries count', () => {
    fc.assert(
      fc.property(
        sent,
        fc.ipV4().filter((address) => !within.trusts(address)),
        fc.integer({ min: 0, max: 3 }),
        (list, client, n) => {
          const chain = [client, ...Array.from({ length: n }, (_, i) => `10.0.1.${i}`)];
          assert.equal(clientOf(hops(n + 1), before(list, ...chain)), client);
          assert.equal(clientOf(within, before(list, ...chain)), client);
        },
      ),
    );
  });

  test('the result is an address, and never one beyond the hops', () => {
    fc.assert(
      fc.property(sent, fc.integer({ min: 1, max: 32 }), (list, n) => {
        const read = list.split(',').slice(-n).join(',');
        assert.equal(clientOf(hops(n), list), clientOf(hops(n), read));
        for (const trust of [hops(n), within]) assert.match(clientOf(trust, list), /^[0-9a-f.:]+$/);
      }),
    );
  });
});
