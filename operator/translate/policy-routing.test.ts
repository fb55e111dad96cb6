import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeClientAddress, readClientAddress } from './policy-routing.ts';

test('believing nothing has one form', () => {
  assert.deepEqual([undefined, {}, { trustedHops: 0 }].map(readClientAddress), [undefined, undefined, undefined]);
});

test('ranges are equal whatever their order and the case of their digits', () => {
  const given = readClientAddress({ trustedCIDRs: ['FD00::/8', '10.0.0.0/8', 'fd00::/8'] });
  assert.deepEqual(given, { trustedCIDRs: ['10.0.0.0/8', 'fd00::/8'] });
});

test('a message describes the setting, and counts ranges beyond four', () => {
  const ranges = ['a', 'b', 'c', 'd', 'e', 'f'];
  assert.deepEqual(
    [undefined, { trustedHops: 2 }, { trustedCIDRs: ranges.slice(0, 4) }, { trustedCIDRs: ranges }].map(describeClientAddress),
    [
      'no clientAddress',
      'clientAddress with trustedHops 2',
      'clientAddress with trustedCIDRs a, b, c, d',
      'clientAddress with trustedCIDRs a, b, c, d and 2 more',
    ],
  );
});
