import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { resolveEndpoints } from './endpoints.ts';
import { canonicalAddress } from './slice-entry.ts';
import { meta, service, slice } from './testing.ts';
import type { EndpointSlice, PodMetadata, SliceEndpoint } from '../api/kubernetes.ts';

const many = (from: number, count: number, conditions: SliceEndpoint['conditions'] = {}): SliceEndpoint[] =>
  Array.from({ length: count }, (_, i) => ({
    addresses: [`10.${(from + i) >> 16}.${((from + i) >> 8) & 255}.${(from + i) & 255}`],
    conditions,
    targetRef: { kind: 'Pod', name: `p${from + i}`, uid: `u${String(from + i).padStart(6, '0')}` },
  }));

const HTTP = { name: 'http', port: 80 };
const ECHO = service('echo', { ports: [HTTP] });
const resolve = (slices: readonly EndpointSlice[], pods: ReadonlyMap<string, PodMetadata> = new Map()) =>
  resolveEndpoints(ECHO, HTTP, slices, pods, []);

test('a pool has at most 5000 endpoints: active ones first, always the same ones, and it is noted', () => {
  const draining = slice('a', many(0, 1000, { ready: false, serving: true, terminating: true }));
  const active = [slice('b', many(1000, 3000)), slice('c', many(4000, 2500))];
  const resolved = resolve([draining, ...active]);
  assert.equal(resolved.endpoints.length, 5000);
  assert.ok(resolved.endpoints.every(({ state }) => state === 'active'));
  assert.equal(resolved.endpoints[0]?.id, 'u001000:8080');
  assert.equal(resolved.known.length, 6500);
  assert.deepEqual(resolved.notes, ['of 6500 endpoints only 5000 are used, the most that one backend may have']);
  const again = resolve([...active.reverse(), draining]);
  assert.deepEqual(again.endpoints, resolved.endpoints);
});

test('more endpoints than a call can have arguments are handled', () => {
  const huge = slice(
    's',
    many(0, 150_000).map(({ addresses }) => ({ addresses })),
  );
  assert.equal(resolve([huge]).known.length, 150_000);
});

test('a UID that looks like an address does not make two endpoints of one id', () => {
  const endpoints = [
    { addresses: ['10.0.0.1'] },
    { addresses: ['10.0.0.2'], targetRef: { kind: 'Pod', name: 'a', uid: '10.0.0.1' } },
  ];
  const resolved = resolve([slice('s', endpoints)]);
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
    const resolved = resolve([slice('s', [{ addresses: ['10.0.0.1'], targetRef }])], pods);
    return resolved.endpoints[0]?.weight;
  });
  assert.deepEqual(weights, [1, 7]);
});

test('an address of its family is accepted', () => {
  fc.assert(fc.property(fc.ipV4(), (address) => canonicalAddress(address, 'IPv4') === address));
  fc.assert(fc.property(fc.ipV6(), (address) => isIP(canonicalAddress(address, 'IPv6') ?? '') === 6));
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
    for (const type of ['IPv4', 'IPv6']) assert.equal(canonicalAddress(address, type), undefined, `${type} ${address}`);
  const text = fc.stringMatching(/^[0-9a-f:.%]{0,20}$/);
  fc.assert(
    fc.property(text, (address) => {
      if (canonicalAddress(address, 'IPv4') === address) assert.equal(isIP(address), 4);
      if (canonicalAddress(address, 'IPv6') !== undefined) assert.equal(isIP(address), 6);
    }),
  );
});

const pod = (uid: string, address: string, conditions: SliceEndpoint['conditions'] = {}): SliceEndpoint => {
  return { addresses: [address], conditions, targetRef: { kind: 'Pod', name: uid, uid } };
};
const versioned = (
  name: string,
  resourceVersion: string,
  endpoints: readonly SliceEndpoint[],
  more: Partial<EndpointSlice> = {},
) => {
  const base = slice(name, endpoints, more);
  return { ...base, metadata: { ...base.metadata, resourceVersion } };
};
const placesOf = (slices: readonly EndpointSlice[]) =>
  resolve(slices).endpoints.map(({ id, address, state }) => `${id} ${address} ${state}`);

test('every combination of conditions: what is ready is never dropped', () => {
  const states = (conditions: SliceEndpoint['conditions']) => {
    const { endpoints, known } = resolve([slice('s', [pod('a', '10.0.0.1', conditions)])]);
    return endpoints[0]?.state ?? (known.length === 1 ? 'unavailable' : 'gone');
  };
  const flags = [undefined, true, false];
  for (const ready of flags)
    for (const serving of flags)
      for (const terminating of flags) {
        const answers = ready !== false || serving === true;
        const expected = terminating ? (answers ? 'draining' : 'gone') : ready === false ? 'unavailable' : 'active';
        const given = {
          ...(ready !== undefined && { ready }),
          ...(serving !== undefined && { serving }),
          ...(terminating !== undefined && { terminating }),
        };
        assert.equal(states(given), expected, JSON.stringify(given));
      }
});

test('two addresses of one target in one slice are two endpoints; one address twice is one, in its better state', () => {
  assert.deepEqual(placesOf([slice('s', [pod('a', '10.0.0.2'), pod('a', '10.0.0.1'), pod('a', '10.0.0.2', { ready: false })])]), [
    'a:8080 10.0.0.2 active',
    'a:8080@10.0.0.1 10.0.0.1 active',
  ]);
  const hashKeys = resolve([slice('s', [pod('a', '10.0.0.2'), pod('a', '10.0.0.1')])]).endpoints.map(({ hashKey }) => hashKey);
  assert.deepEqual(hashKeys, ['a:8080', 'a:8080@10.0.0.1']);
});

test('of two slices the newer says where a target is and how it is, whatever their names and order', () => {
  for (const [older, newer] of [
    ['9', '10'],
    ['99999999999999999999', '100000000000000000000'],
  ] as const)
    for (const names of [
      ['x', 'y'],
      ['y', 'x'],
    ] as const) {
      const moved = [versioned(names[0], older, [pod('a', '10.0.0.1')]), versioned(names[1], newer, [pod('a', '10.0.0.9')])];
      assert.deepEqual(placesOf(moved), ['a:8080 10.0.0.9 active']);
      assert.deepEqual(placesOf(moved.reverse()), ['a:8080 10.0.0.9 active']);
    }
  const notReady = [versioned('x', '5', [pod('a', '10.0.0.1')]), versioned('y', '6', [pod('a', '10.0.0.1', { ready: false })])];
  assert.deepEqual(placesOf(notReady), []);
  const family = [
    versioned('x', '5', [pod('a', '10.0.0.1')]),
    versioned('y', '6', [pod('a', 'fd00::1')], { addressType: 'IPv6' }),
  ];
  assert.deepEqual(placesOf(family), ['a:8080 10.0.0.1 active'], 'the family comes first');
});

test('one IPv6 address in several spellings is one endpoint', () => {
  const spellings = ['2001:db8::1', '2001:DB8:0::1', '2001:0db8:0000:0000:0000:0000:0000:0001'];
  const untargeted = spellings.map((address, i) =>
    versioned(`s${i}`, String(i + 1), [{ addresses: [address] }], { addressType: 'IPv6' }),
  );
  assert.deepEqual(placesOf(untargeted), ['[2001:db8::1]:8080 2001:db8::1 active']);
  const targeted = slice(
    's',
    spellings.map((address) => pod('a', address)),
    { addressType: 'IPv6' },
  );
  assert.deepEqual(placesOf([targeted]), ['a:8080 2001:db8::1 active']);
});
