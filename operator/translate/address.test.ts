import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { isEndpointAddress } from './address.ts';

test('every address of its family', () => {
  fc.assert(fc.property(fc.ipV4(), (address) => isEndpointAddress(address, 'IPv4')));
  fc.assert(fc.property(fc.ipV6(), (address) => isEndpointAddress(address, 'IPv6')));
});

test('nothing that a proxy would refuse', () => {
  const odd = [
    '',
    '10.0.0',
    '10.0.0.256',
    '10.0.0.1 ',
    '010.0.0.1',
    '1.2.3.4.5',
    '::1%lo',
    'fd00:::1',
    '[::1]',
    'a.b',
    '::1]/@x',
    '1::2::3',
  ];
  for (const address of odd)
    for (const type of ['IPv4', 'IPv6']) assert.ok(!isEndpointAddress(address, type), `${type} ${address}`);
  const text = fc.stringMatching(/^[0-9a-f:.%]{0,20}$/);
  fc.assert(
    fc.property(text, (address) => {
      if (isEndpointAddress(address, 'IPv4')) assert.equal(isIP(address), 4);
      if (isEndpointAddress(address, 'IPv6')) assert.equal(isIP(address), 6);
    }),
  );
});
