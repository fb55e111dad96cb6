import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseCidr, spellIPv6 } from './address.ts';

test('an IPv6 address has one spelling', () => {
  const same = ['2001:db8::1', '2001:DB8::1', '2001:0db8:0:0:0:0:0:1', '2001:db8::0.0.0.1', '2001:db8::1%eth0'];
  assert.deepEqual([...new Set(same.map(spellIPv6))], ['2001:db8::1']);
  assert.deepEqual(['::ffff:1.2.3.4', '0:0:0:0:0:FFFF:102:304', '::ffff:0:102:304', '::1.2.3.4'].map(spellIPv6), [
    ...['1.2.3.4', '1.2.3.4'],
    ...['::ffff:0:102:304', '::1.2.3.4'],
  ]);
  fc.assert(
    fc.property(fc.ipV6(), (address) => {
      const spelt = spellIPv6(address);
      assert.ok(isIP(spelt) !== 0 && (isIP(spelt) === 4 || spellIPv6(spelt) === spelt), spelt);
    }),
  );
});

test('valid ranges', () => {
  assert.deepEqual(parseCidr('10.0.0.1/8'), { address: '10.0.0.1', bits: 8, family: 'ipv4' });
  assert.deepEqual(parseCidr('FD00::/128'), { address: 'FD00::', bits: 128, family: 'ipv6' });
  for (const good of ['0.0.0.0/0', '1.2.3.4/32', '::/0']) assert.ok(parseCidr(good), good);
});

test('invalid ranges', () => {
  const bad = [
    ...['', '/', '10.0.0.0', '10.0.0.0/', '/8', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/08', '10.0.0.0/8/8', '10.0.0.0/8 '],
    ...['10.0.0/8', '010.0.0.0/8', 'ten/8', '10.0.0.0/255.0.0.0', '::/129', '[::]/0', 'fe80::%lo/10', '1:2/16', 'example.org/8'],
    ...['::ffff:10.0.0.0/104', '::ffff:a00:0/104', '0:0::FFFF:10.0.0.0/128'],
  ];
  for (const text of bad) assert.equal(parseCidr(text), undefined, text);
});
