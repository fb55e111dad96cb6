import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findConflicts } from './conflicts.ts';
import { parsePolicy } from './policy.ts';
import { policy } from './testing.ts';
import type { Claimant } from './conflicts.ts';
import type { ListenerSpec, PolicySpec } from '../api/policy.gen.ts';

const claimant = (name: string, spec: Partial<PolicySpec> = {}): Claimant => ({
  policy: parsePolicy(policy(name, spec)),
  proxies: ['g'],
});
const backends = (count: number): NonNullable<PolicySpec['backendRefs']> =>
  Array.from({ length: count }, (_, i) => ({ name: `s${i}`, port: 80 }));
const reasons = (claimants: Claimant[]): object =>
  Object.fromEntries([...findConflicts(claimants)].map(([key, problem]) => [key, problem.reason]));

test('a policy beyond the limits of a proxy is refused, and smaller ones still fit', () => {
  const monitors = Array.from({ length: 625 }, (_, i) =>
    claimant(`a${String(i).padStart(3, '0')}`, { listener: { port: 20_000 + i }, backendRefs: backends(16) }),
  );
  assert.deepEqual(reasons([...monitors.slice(1), claimant('b', { backendRefs: backends(17) }), claimant('c')]), {
    'default/b': 'LimitExceeded',
  });
});

test('1024 ports fit, and more policies on those', () => {
  const all = Array.from({ length: 1025 }, (_, i) =>
    claimant(`p${String(i).padStart(4, '0')}`, { listener: { port: 20_000 + i } }),
  );
  const matches = [{ path: { value: '/more' } }];
  assert.deepEqual(reasons([...all, claimant('z', { listener: { port: 20_000 }, matches })]), {
    'default/p1024': 'LimitExceeded',
  });
});

test('10000 listening policies fit', () => {
  const all = Array.from({ length: 10_001 }, (_, i) => {
    const found = claimant(`p${String(i).padStart(5, '0')}`, { matches: [{ path: { value: `/${i}` } }] });
    return { ...found, policy: { ...found.policy, backends: [] } };
  });
  assert.deepEqual(reasons(all), { 'default/p10000': 'LimitExceeded' });
});

test('1000 regular expressions fit, counted over paths and headers', () => {
  const expression = (value: string) => ({ type: 'RegularExpression' as const, value });
  const matches = Array.from({ length: 10 }, (_, i) => ({
    path: expression(`/${i}`),
    headers: [{ name: 'h', ...expression('.') }],
  }));
  const all = Array.from({ length: 51 }, (_, i) =>
    claimant(`p${String(i).padStart(2, '0')}`, { listener: { port: 20_000 + i }, matches }),
  );
  assert.deepEqual(reasons([...all, claimant('z')]), { 'default/p50': 'LimitExceeded' });
});

test('the message names the winner and the match', () => {
  const listener = { port: 8080, hostnames: ['a.example.com'] };
  const matches = [
    { method: 'GET' as const, path: { type: 'Exact' as const, value: '/x' }, headers: [{ name: 'H', value: 'v' }] },
  ];
  const lost = findConflicts([claimant('a', { listener, matches }), claimant('b', { listener, matches })]).get('default/b');
  assert.equal(
    lost?.message,
    'Policy default/a is as old and comes first by name and already takes GET on a.example.com, port 8080, exactly the path /x, with header h: change matches, hostnames or port, or remove one of the two',
  );
});

test('a port has one clientAddress for all requests, and the message names the policy that set it', () => {
  const on = (trustedHops: number, host: string): Claimant['policy'] =>
    parsePolicy(policy(host, { listener: { port: 8080, hostnames: [`${host}.com`], clientAddress: { trustedHops } } }));
  const lost = findConflicts([2, 1, 2, 0].map((hops, i) => ({ policy: on(hops, `p${i}`), proxies: ['g'] })));
  assert.deepEqual([...lost.keys()], ['default/p1', 'default/p3']);
  const text =
    'Policy default/p0 is as old and comes first by name and has clientAddress with trustedHops 2 on port 8080, where this policy has no clientAddress, and a port has one setting for all policies: make listener.clientAddress the same in both, or choose another listener.port';
  assert.deepEqual(lost.get('default/p3'), { reason: 'ListenerConflict', message: text });
});

test('a port has one pathNormalization, in whatever way its defaults are said, and the message names what differs', () => {
  const on = (name: string, listener: Partial<ListenerSpec>): Claimant =>
    claimant(name, { listener: { port: 8080, hostnames: [`${name}.com`], ...listener } });
  const lost = findConflicts([
    on('a', { pathNormalization: { decodeUnreserved: true, mergeSlashes: true, encodedSlash: 'Keep' } }),
    on('b', {}),
    on('c', { pathNormalization: { mergeSlashes: true } }),
    on('d', { pathNormalization: { encodedSlash: 'Reject' } }),
    on('e', { pathNormalization: { mergeSlashes: false, encodedSlash: 'Reject' }, clientAddress: { trustedHops: 1 } }),
  ]);
  assert.deepEqual([...lost.keys()], ['default/d', 'default/e']);
  assert.equal(lost.get('default/d')?.reason, 'ListenerConflict');
  assert.equal(
    lost.get('default/d')?.message,
    'Policy default/a is as old and comes first by name and has encodedSlash Keep (the default) on port 8080, where this policy has encodedSlash Reject, and a port has one setting for all policies: make listener.pathNormalization.encodedSlash the same in both, or choose another listener.port',
  );
  assert.match(
    lost.get('default/e')?.message ?? '',
    / this policy has clientAddress with trustedHops 1 and mergeSlashes false and encodedSlash Reject, .* make listener\.clientAddress and listener\.pathNormalization\.mergeSlashes and listener\.pathNormalization\.encodedSlash the same/,
  );
});

test('10000 policies on one port that agree on the client address are not compared with one another', () => {
  const clientAddress = { trustedCIDRs: ['10.0.0.0/8'] };
  let asked = 0;
  const all = Array.from({ length: 10_000 }, (_, i) => {
    const found = claimant(`p${i}`, { listener: { port: 8080, clientAddress }, matches: [{ path: { value: `/${i}` } }] });
    const counted = Object.defineProperty({ ...found.policy, backends: [] }, 'selector', { get: () => (asked++, {}) });
    return { ...found, policy: counted };
  });
  assert.deepEqual(reasons(all), {});
  assert.equal(asked, 0);
});
