import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { isEndpointAddress, resolveEndpoints } from './endpoints.ts';
import { meta, service, slice } from './testing.ts';
import type { SliceEndpoint } from '../api/kubernetes.ts';

const many = (from: number, count: number, conditions: SliceEndpoint['conditions'] = {}): SliceEndpoint[] =>
  Array.from({ length: count }, (_, i) => ({
    addresses: [`10.${(from + i) >> 16}.${((from + i) >> 8) & 255}.${(from + i) & 255}`],
    conditions,
    targetRef: { kind: 'Pod', name: `p${from + i}`, uid: `u${String(from + i).padStart(6, '0')}` },
  }));

test('a pool has at most 5000 endpoints: active ones first, always the same ones, and it is noted', () => {
  const draining = slice('a', many(0, 1000, { ready: false, serving: true, terminating: true }));
  const active = [slice('b', many(1000, 3000)), slice('c', many(4000, 2500))];
  const resolved = resolveEndpoints(service('echo'), 'http', [draining, ...active], new Map());
  assert.equal(resolved.endpoints.length, 5000);
  assert.ok(resolved.endpoints.every(({ state }) => state === 'active'));
  assert.equal(resolved.endpoints[0]?.id, 'u001000:8080');
  assert.equal(resolved.known.length, 6500);
  assert.deepEqual(resolved.notes, ['of 6500 endpoints only 5000 are used, the most that one backend may have']);
  const again = resolveEndpoints(service('echo'), 'http', [...active.reverse(), draining], new Map());
  assert.deepEqual(again.endpoints, resolved.endpoints);
});

test('more endpoints than a call can have arguments are handled', () => {
  const huge = slice(
    's',
    many(0, 150_000).map(({ addresses }) => ({ addresses })),
  );
  assert.equal(resolveEndpoints(service('echo'), 'http', [huge], new Map()).known.length, 150_000);
});

test('a UID that looks like an address does not make two endpoints of one id', () => {
  const endpoints = [
    { addresses: ['10.0.0.1'] },
    { addresses: ['10.0.0.2'], targetRef: { kind: 'Pod', name: 'a', uid: '10.0.0.1' } },
  ];
  const resolved = resolveEndpoints(service('echo'), 'http', [slice('s', endpoints)], new Map());
  assert.deepEqual(
    resolved.endpoints.map(({ id }) => id),
    ['10.0.0.1:8080'],
  );
  assert.equal(resolved.known.length, 1);
});

test('annotations of a Pod in another namespace count only when the target names that namespace', () => {
  const pods = new Map([
    ['other/a', { metadata: meta('a', { namespace: 'other', annotations: { 'outrigger.dev/weight': '7' } }) }],
  ]);
  const weights = [undefined, 'other'].map((namespace) => {
    const targetRef = { kind: 'Pod', name: 'a', uid: 'uid-a', ...(namespace && { namespace }) };
    const resolved = resolveEndpoints(service('echo'), 'http', [slice('s', [{ addresses: ['10.0.0.1'], targetRef }])], pods);
    return resolved.endpoints[0]?.weight;
  });
  assert.deepEqual(weights, [1, 7]);
});

test('an address of its family is accepted', () => {
  fc.assert(fc.property(fc.ipV4(), (address) => isEndpointAddress(address, 'IPv4')));
  fc.assert(fc.property(fc.ipV6(), (address) => isEndpointAddress(address, 'IPv6')));
});

test('text that a proxy would refuse as an address is not accepted', () => {
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
