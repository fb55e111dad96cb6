import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { findCookieConflicts } from './cookie-conflicts.ts';
import { parsePolicy } from './policy.ts';
import { policy } from './testing.ts';
import type { Claimant } from './conflicts.ts';
import type { ListenerSpec, PolicySpec } from '../api/policy.gen.ts';

const session = (name: string): Partial<PolicySpec> => ({ sessionPersistence: { cookie: { name } } });
const hash = (name: string): Partial<PolicySpec> => ({
  loadBalancer: { type: 'ConsistentHash', consistentHash: { hashOn: { type: 'Cookie', cookie: { name } } } },
});
const on = (hostnames: string[], more: Partial<ListenerSpec> = {}): Partial<PolicySpec> => ({
  listener: { port: 8080, hostnames, ...more },
});
const claimant = (name: string, spec: Partial<PolicySpec>, proxies = ['g']): Claimant => ({
  policy: parsePolicy(policy(name, spec)),
  proxies,
});
const found = (claimants: Claimant[]) => Object.fromEntries(findCookieConflicts(claimants));
const keys = (claimants: Claimant[]) => Object.keys(found(claimants)).sort();

test('two session cookies of one name: both policies are told, with the name of the other', () => {
  const sentence = (other: string) =>
    `On the same host, policy default/${other} has a session cookie sid as well, and each replaces the other: give each policy its own sessionPersistence.cookie.name`;
  assert.deepEqual(found([claimant('a', session('sid')), claimant('b', session('sid'))]), {
    'default/a': [sentence('b')],
    'default/b': [sentence('a')],
  });
});

test('a session cookie and a cookie to hash on: the session cookie replaces it', () => {
  const said = found([claimant('a', session('sid')), claimant('b', hash('sid')), claimant('c', hash('sid'))]);
  assert.match(
    said['default/a']?.join() ?? '',
    /policies default\/b, default\/c hash on the cookie sid, which the session cookie of this policy replaces/,
  );
  for (const name of ['b', 'c'])
    assert.match(
      said[`default/${name}`]?.join() ?? '',
      /policy default\/a has a session cookie sid, which replaces the cookie that this policy hashes on/,
    );
});

test('many are counted, and a policy does not name itself', () => {
  const many = Array.from({ length: 40 }, (_, i) => claimant(`p${10 + i}`, session('sid')));
  const said = found(many);
  assert.equal(Object.keys(said).length, 40);
  assert.match(said['default/p11']?.join() ?? '', /policies default\/p10, default\/p12, default\/p13 and 36 more have/);
  assert.match(said['default/p49']?.join() ?? '', /policies default\/p10, default\/p11, default\/p12 and 36 more have/);
});

test('policies that set no cookie are in no conflict', () => {
  const redirect = { ...session('sid'), requestRedirect: { scheme: 'https' as const }, backendRefs: [] };
  const { listener: _, ...monitor } = policy('m', session('sid')).spec;
  const monitors = { policy: parsePolicy({ ...policy('m'), spec: monitor }), proxies: ['g'] };
  assert.deepEqual(keys([claimant('a', session('sid')), claimant('r', redirect), monitors]), []);
});

const NAMES = ['a.example', 'b.example', 'x.a.example', '*.example', '*.a.example'];
const HOSTS = ['a.example', 'b.example', 'x.a.example', 'y.a.example', 'z.x.a.example', 'c.example', 'other.test'];
/** Whether the name stands for this host, and how specific it is. */
const rank = (host: string, names: readonly string[]): number | undefined => {
  const ranks = names.filter((name) => name === host || (name.startsWith('*.') && host.endsWith(name.slice(1))));
  if (names.length === 0) return 0;
  return ranks.length === 0 ? undefined : Math.max(...ranks.map((name) => (name.startsWith('*.') ? name.length : 1_000)));
};

interface Given {
  readonly kind: 'session' | 'hash';
  readonly cookie: string;
  readonly hostnames: string[];
  readonly port: number;
  readonly all: boolean;
  readonly label: string;
}
const given: fc.Arbitrary<Given> = fc.record({
  kind: fc.constantFrom('session', 'hash'),
  cookie: fc.constantFrom('sid', 'SID'),
  hostnames: fc.subarray(NAMES),
  port: fc.constantFrom(8080, 8081),
  all: fc.boolean(),
  label: fc.constantFrom('x', 'y', 'z'),
});
/** Of the proxies, one has the labels of both x and y. */
const PROXIES: Record<string, string[]> = { x: ['1', '2'], y: ['2', '3'], z: ['4'] };

/** Every host is tried: whether both policies can serve it, beside all policies. */
function compete(a: Given, b: Given, all: readonly Given[]): boolean {
  if (a.cookie !== b.cookie || (a.kind === 'hash' && b.kind === 'hash')) return false;
  if (!PROXIES[a.label]?.some((one) => PROXIES[b.label]?.includes(one))) return false;
  return HOSTS.some((host) => serves(a, host, all) && serves(b, host, all));
}

/** Whether requests for the host can reach the policy: none with a narrower name takes all of them before. */
function serves(one: Given, host: string, all: readonly Given[]): boolean {
  const own = rank(host, one.hostnames);
  if (own === undefined) return false;
  const before = (other: Given) => other.all && other.port === one.port && other.label === one.label;
  return !all.some((other) => before(other) && (rank(host, other.hostnames) ?? -1) > own);
}

test('for any policies: those are told that compete with another one for some host', () => {
  fc.assert(
    fc.property(fc.array(given, { maxLength: 8 }), (all) => {
      const claimants = all.map(({ kind, cookie, hostnames, port, all: takesAll, label }, i) =>
        claimant(
          `p${i}`,
          {
            ...(kind === 'session' ? session(cookie) : hash(cookie)),
            ...on(hostnames, { port }),
            ...(takesAll ? {} : { matches: [{ path: { value: `/${i}` } }] }),
            proxies: { selector: { matchLabels: { [label]: '1' } } },
          },
          PROXIES[label],
        ),
      );
      const expected = all.flatMap((a, i) => (all.some((b, j) => i !== j && compete(a, b, all)) ? [`default/p${i}`] : []));
      assert.deepEqual(keys(claimants), expected);
    }),
    { numRuns: 2_000 },
  );
});

test('what never serves the host is in no conflict: a wildcard between takes all, or no backend has a weight', () => {
  const a = claimant('a', { ...session('sid'), ...on(['a.x.example']), matches: [{ path: { value: '/foo' } }] });
  const between = claimant('b', on(['*.x.example']));
  const c = claimant('c', session('sid'));
  assert.deepEqual(keys([a, c]), ['default/a', 'default/c']);
  assert.deepEqual(keys([a, between, c]), []);
  const idle = claimant('i', { ...session('sid'), backendRefs: [{ name: 'echo', port: 80, weight: 0 }] });
  assert.deepEqual(keys([a, idle]), []);
});

test('each of many tenants with proxies of its own is told', () => {
  const tenants = Array.from({ length: 150 }, (_, i) =>
    [8080, 8081].map((port) =>
      claimant(
        `t${i}-${port}`,
        { ...session('sid'), ...on([], { port }), proxies: { selector: { matchLabels: { tenant: `t${i}` } } } },
        [`proxy-${i}`],
      ),
    ),
  ).flat();
  assert.equal(keys(tenants).length, 300);
});

test('thousands of policies are compared quickly', () => {
  const many = (hostnames: (i: number) => string[]) =>
    Array.from({ length: 10_000 }, (_, i) => {
      const one = claimant(`p${i}`, { ...session('sid'), ...on(hostnames(i)), matches: [{ path: { value: '/a' } }] });
      return { ...one, policy: { ...one.policy, key: `default/p${10_000 + i}` } };
    });
  const started = process.cpuUsage().user;
  const onHosts = many((i) => [`shop${i}.example.com`]);
  assert.equal(keys(onHosts).length, 0);
  const everyHost = claimant('every', session('sid'));
  assert.equal(keys([everyHost, ...onHosts]).length, 10_001);
  assert.equal(keys(many((i) => ['shop.example.com', `shop${i}.example.com`])).length, 10_000);
  assert.ok(process.cpuUsage().user - started < 20_000_000, 'the time is quadratic in the number of policies');
});
