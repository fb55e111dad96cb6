import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { digest, snapshotDigest } from './canonical.ts';
import { endpoint, poolPart, snapshot, testKey } from './testing.ts';
import type { Snapshot } from './types.ts';
import { missingParts, validateSnapshot } from './validate.ts';

const key = testKey().publicKey;
const good = (): Snapshot => snapshot({ epoch: 5, sequence: 1 }, [key]);
type Node = Record<string, unknown>;

/** Sets the value at a path such as `listeners[0].port`; undefined removes it. */
function put(root: Node, path: string, value: unknown): void {
  const keys = path.replaceAll(']', '').split(/[.[]/);
  const last = keys.pop() as string;
  const parent = keys.reduce((node, name) => node[name] as Node, root);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
}

/** The sample with other values at some paths; `part` is its only part, whose digest is updated. */
function edited(changes: Readonly<Record<string, unknown>>): Node {
  const document = JSON.parse(JSON.stringify(good())) as Node;
  const part = Object.values(document['parts'] as Node)[0] as Node;
  for (const [path, value] of Object.entries(changes)) {
    if (path.startsWith('part.')) put(part, path.slice(5), value);
    else put(document, path, value);
  }
  document['parts'] = { [digest(part)]: part };
  if (Object.keys(changes).some((path) => path.startsWith('part.'))) put(document, 'pools[0].digest', digest(part));
  return document;
}

/** Paths of the wrong fields; those in the only part start with `part`. */
function paths(document: unknown): readonly string[] {
  const result = validateSnapshot(document);
  return result.ok ? [] : result.wrong.map((field) => field.path.replace(/^parts(\.|\[")[0-9a-f]{64}("\])?/, 'part'));
}

test('a valid snapshot passes and has its digest', () => {
  assert.deepEqual(validateSnapshot(good()), { ok: true, snapshot: good(), digest: snapshotDigest(good()) });
});

test('a snapshot without listeners and pools passes', () => {
  assert.ok(validateSnapshot(snapshot({ epoch: 1, sequence: 1 }, [key], [])).ok);
});

test('unknown members are ignored but count for the digest', () => {
  const document = edited({ future: { a: 1 }, 'part.priority': { level: 10 } });
  const result = validateSnapshot(document);
  assert.ok(result.ok);
  assert.equal(result.digest, snapshotDigest(document as unknown as Snapshot));
});

const hashed = (consistentHash: object): object => ({ type: 'ConsistentHash', consistentHash });
const table = { algorithm: 'Maglev', tableSize: 251, hashOn: { type: 'SourceIP' } };

const slowly = { window: 1, aggression: 0.1, minWeightPercent: 1 };

test('every load balancer passes', () => {
  const affinity = { maxEntries: 1, idleTimeout: 1, drain: 0 };
  const ways = [
    ...['RoundRobin', 'WeightedRoundRobin', 'LeastConnections', 'LeastRequest', 'PeakEWMA', 'Random'].map((type) => ({ type })),
    { type: 'Random', slowStart: slowly },
    { type: 'PeakEWMA', slowStart: { window: 86_400_000, aggression: 10, minWeightPercent: 100 } },
    { type: 'LeastRequest', zoneAware: { minEndpoints: 1 } },
    { type: 'PeakEWMA', zoneAware: { minEndpoints: 5000 } },
    hashed(table),
    hashed({ ...table, tableSize: 5_000_011, affinity }),
    hashed({ algorithm: 'Rendezvous', hashOn: { type: 'Cookie', name: 'a', ttl: 0 }, affinity }),
    ...['Header', 'QueryParam'].map((type) => hashed({ ...table, hashOn: { type, name: 'a' } })),
    hashed({ ...table, hashOn: { type: 'Path' } }),
  ];
  for (const way of ways) assert.deepEqual(paths(edited({ 'part.loadBalancer': way })), [], JSON.stringify(way));
});

test('a table size that is not prime is refused, and the next prime named', () => {
  const result = validateSnapshot(edited({ 'part.loadBalancer': hashed({ ...table, tableSize: 1_000_000 }) }));
  assert.match(result.ok ? '' : (result.wrong[0]?.message ?? ''), /must be prime: use 1000003, the next that is/);
});

test('circuit breakers and fallbacks pass; wrong ones are named', () => {
  const route = 'listeners[0].routes[0]';
  const wrong = (member: string, value: unknown) => paths(edited({ [`${route}.${member}`]: value }));
  const pool = snapshot({ epoch: 1, sequence: 1 }, [key]).pools[0]?.id;
  const page = { type: 'Response', statusCode: 503, contentType: 'text/plain', body: '' };
  const away = { type: 'Redirect', url: 'https://a.example/b?c', statusCode: 302 };
  const good = [page, away, { type: 'Backend', pool }];
  for (const fallback of good) assert.deepEqual(wrong('fallback', fallback), [], JSON.stringify(fallback));
  assert.deepEqual(wrong('circuitBreaker', { maxParallelRequests: 1, maxPendingRequests: 0 }), []);
  const bad: readonly [fallback: object, path: string][] = [
    [{ type: 'Elsewhere' }, 'type'],
    [{ ...page, statusCode: 204 }, 'statusCode'],
    [{ ...page, contentType: 'a\nb' }, 'contentType'],
    [{ ...page, body: 'x'.repeat(65_537) }, 'body'],
    [{ ...away, url: 'javascript:alert(1)' }, 'url'],
    [{ ...away, url: 'https://a b' }, 'url'],
    [{ ...away, statusCode: 304 }, 'statusCode'],
    [{ type: 'Backend', pool: 'default/web/default/nowhere:80' }, 'pool'],
  ];
  for (const [fallback, path] of bad) assert.deepEqual(wrong('fallback', fallback), [`${route}.fallback.${path}`]);
  assert.deepEqual(wrong('circuitBreaker', { maxParallelRequests: 1, maxPendingRequests: 0, maxConnections: 1 }), []);
  assert.deepEqual(paths(edited({ 'part.maxParallelRequests': 1 })), []);
  assert.deepEqual(paths(edited({ 'part.maxParallelRequests': 0 })), ['part.maxParallelRequests']);
  const limits = { maxParallelRequests: 0, maxPendingRequests: -1, maxConnections: 0 };
  assert.deepEqual(
    wrong('circuitBreaker', limits),
    Object.keys(limits).map((name) => `${route}.circuitBreaker.${name}`),
  );
});

test('a retry budget passes; a wrong one is named', () => {
  const retry = 'listeners[0].routes[0].retry.budget';
  assert.deepEqual(paths(edited({ [retry]: { percent: 0, minPerSecond: 0 } })), []);
  assert.deepEqual(paths(edited({ [retry]: { percent: 101, minPerSecond: -1 } })), [`${retry}.percent`, `${retry}.minPerSecond`]);
});

test('every kind of active check passes; an unknown one is named', () => {
  const timing = { interval: 1, timeout: 1, unhealthyThreshold: 1, healthyThreshold: 1 };
  const http = { path: '/', method: 'GET', expectedStatuses: [{ from: 200, to: 299 }] };
  const at = 'part.healthCheck.active';
  for (const check of [
    { type: 'TCP', ...timing, port: 1 },
    { type: 'HTTP', ...timing, ...http, hostname: 'a', expectedBody: 'b' },
    { type: 'GRPC', ...timing },
    { type: 'GRPC', ...timing, service: 'a', hostname: 'b', port: 1 },
  ])
    assert.deepEqual(paths(edited({ [at]: check })), [], check.type);
  assert.deepEqual(paths(edited({ [at]: { type: 'GRPC', ...timing, service: '' } })), [`${at}.service`]);
  assert.deepEqual(paths(edited({ [at]: { type: 'UDP', ...timing } })), [`${at}.type`]);
});

const balancing: readonly [name: string, value: unknown, path: string][] = [
  ['nothing', 'RoundRobin', ''],
  ['an unknown strategy', { type: 'Guess' }, '.type'],
  ['a strategy of Object', { type: 'toString' }, '.type'],
  ['a slow start window of 0', { type: 'Random', slowStart: { ...slowly, window: 0 } }, '.slowStart.window'],
  ['a slow start that never rises', { type: 'Random', slowStart: { ...slowly, aggression: 0 } }, '.slowStart.aggression'],
  ['an aggression that is a string', { type: 'Random', slowStart: { ...slowly, aggression: '1' } }, '.slowStart.aggression'],
  [
    'a slow start from 0 percent',
    { type: 'Random', slowStart: { ...slowly, minWeightPercent: 0 } },
    '.slowStart.minWeightPercent',
  ],
  ['a zone without settings', { type: 'Random', zoneAware: true }, '.zoneAware'],
  ['a zone preferred from some number on', { type: 'Random', zoneAware: {} }, '.zoneAware.minEndpoints'],
  ['a zone preferred while it is empty', { type: 'Random', zoneAware: { minEndpoints: 0 } }, '.zoneAware.minEndpoints'],
  ['a zone that no pool can fill', { type: 'RoundRobin', zoneAware: { minEndpoints: 5001 } }, '.zoneAware.minEndpoints'],
  ['half an endpoint in the zone', { type: 'RoundRobin', zoneAware: { minEndpoints: 0.5 } }, '.zoneAware.minEndpoints'],
  ['hashing without more', { type: 'ConsistentHash' }, '.consistentHash'],
  ['an unknown algorithm', hashed({ ...table, algorithm: 'Ketama' }), '.consistentHash.algorithm'],
  ['no table size', hashed({ ...table, tableSize: undefined }), '.consistentHash.tableSize'],
  ['a composite table size', hashed({ ...table, tableSize: 65_536 }), '.consistentHash.tableSize'],
  ['a table too large', hashed({ ...table, tableSize: 5_000_023 }), '.consistentHash.tableSize'],
  ['a table size of 2', hashed({ ...table, tableSize: 2 }), '.consistentHash.tableSize'],
  ['no key', hashed({ algorithm: 'Rendezvous' }), '.consistentHash.hashOn'],
  ['an unknown key', hashed({ ...table, hashOn: { type: 'Body' } }), '.consistentHash.hashOn.type'],
  ['a header without name', hashed({ ...table, hashOn: { type: 'Header' } }), '.consistentHash.hashOn.name'],
  ['a header in capitals', hashed({ ...table, hashOn: { type: 'Header', name: 'A' } }), '.consistentHash.hashOn.name'],
  [
    'a cookie that breaks out',
    hashed({ ...table, hashOn: { type: 'Cookie', name: 'a;b', ttl: 0 } }),
    '.consistentHash.hashOn.name',
  ],
  [
    'affinity without entries',
    hashed({ ...table, affinity: { maxEntries: 0, idleTimeout: 1, drain: 0 } }),
    '.consistentHash.affinity.maxEntries',
  ],
];
for (const [name, value, path] of balancing) {
  test(`a load balancer with ${name} is refused`, () =>
    assert.deepEqual(paths(edited({ 'part.loadBalancer': value })), [`part.loadBalancer${path}`]));
}

const route = 'listeners[0].routes[0]';
const cases: readonly [name: string, path: string, value: unknown][] = [
  ['epoch 0', 'version.epoch', 0],
  ['a fractional sequence', 'version.sequence', 1.5],
  ['no trusted key', 'trustedKeys', []],
  ['too many trusted keys', 'trustedKeys', Array(65).fill(key)],
  ['a key that is no key', 'trustedKeys[0]', 'abc'],
  ['port 0', 'listeners[0].port', 0],
  ['port 70000', 'listeners[0].port', 70_000],
  ['a port as text', 'listeners[0].port', '80'],
  ['an unknown protocol', 'listeners[0].protocol', 'SCTP'],
  ['a missing member', `${route}.retry`, undefined],
  ['no destination', `${route}.destinations`, []],
  ['an unknown pool', `${route}.destinations[0].pool`, 'x'],
  ['a negative weight', `${route}.destinations[0].weight`, -1],
  ['a retry on 200', `${route}.retry.retryOn[0]`, 200],
  ['a duration that no timer holds', `${route}.timeouts.idle`, 2 ** 31],
  ['a tunnel that no timer holds', `${route}.timeouts.tunnel`, 2 ** 31],
  ['an upper-case header', `${route}.matches[0].headers[0].name`, 'X'],
  ['a header value with a line end', `${route}.matches[0].headers[0].value`, 'a\r\nb'],
  ['a path without slash', `${route}.matches[0].path.value`, 'x'],
  ['an unknown kind of path', `${route}.matches[0].path.type`, 'Glob'],
  ['an unknown kind of header match', `${route}.matches[0].headers[0].type`, 'Glob'],
  ['a digest that is none', 'pools[0].digest', 'abc'],
  ['a host name as address', 'part.endpoints[0].address', 'example.org'],
  ['an address with a zone', 'part.endpoints[0].address', 'fe80::1%eth0'],
  ['an unknown state', 'part.endpoints[1].state', 'gone'],
  ['an unknown strategy', 'part.loadBalancer.type', 'Fair'],
  ['no failures in a row', 'part.healthCheck.passive.consecutive5xx', 0],
  ['a panic threshold of 101', 'part.healthCheck.panicThreshold', 101],
  ['a percentage of 101', 'part.healthCheck.passive.maxEjectionPercent', 101],
];

for (const [name, path, value] of cases)
  test(`${name} is a wrong field`, () => {
    assert.deepEqual(paths(edited({ [path]: value })), [path]);
  });

const hint = 'part.endpoints[0].hints';
const hints: readonly [name: string, value: unknown, at: string][] = [
  ['a text', 'eu-1a', ''],
  ['a zone alone', { zones: 'eu-1a' }, '.zones'],
  ['no zone in the list', { zones: [] }, '.zones'],
  ['an empty zone', { zones: ['eu-1a', ''] }, '.zones[1]'],
  ['an object for a node', { nodes: [{ name: 'n1' }] }, '.nodes[0]'],
  ['a node whose name is too long', { nodes: ['n'.repeat(254)] }, '.nodes[0]'],
  ['more nodes than Kubernetes allows', { nodes: Array(9).fill('n1') }, '.nodes'],
];
for (const [name, value, at] of hints)
  test(`hints with ${name} are a wrong field`, () => assert.deepEqual(paths(edited({ [hint]: value })), [`${hint}${at}`]));

test('hints for zones, for nodes and for both pass', () => {
  for (const value of [
    { zones: ['eu-1a'] },
    { nodes: Array.from({ length: 8 }, (_, n) => `n${n}`) },
    { zones: ['z'.repeat(253)], nodes: ['n1'], later: ['than this proxy'] },
  ])
    assert.deepEqual(paths(edited({ [hint]: value })), [], JSON.stringify(value));
});

const client = 'listeners[0].clientAddress';
const clients: readonly [name: string, value: unknown, at: string][] = [
  ['neither hops nor ranges', {}, ''],
  ['both hops and ranges', { trustedHops: 1, trustedCIDRs: ['10.0.0.0/8'] }, ''],
  ['something else', 'all', ''],
  ['no hops', { trustedHops: 0 }, '.trustedHops'],
  ['too many hops', { trustedHops: 33 }, '.trustedHops'],
  ['half a hop', { trustedHops: 0.5 }, '.trustedHops'],
  ['no ranges', { trustedCIDRs: [] }, '.trustedCIDRs'],
  ['too many ranges', { trustedCIDRs: Array(65).fill('10.0.0.0/8') }, '.trustedCIDRs'],
  ['an address without a length', { trustedCIDRs: ['::1/128', '10.0.0.1'] }, '.trustedCIDRs[1]'],
  ['a length that is too long', { trustedCIDRs: ['10.0.0.0/33'] }, '.trustedCIDRs[0]'],
  ['IPv4 ranges as IPv6', { trustedCIDRs: ['::ffff:10.0.0.0/104'] }, '.trustedCIDRs[0]'],
  ['a number for a range', { trustedCIDRs: [10] }, '.trustedCIDRs[0]'],
];
for (const [name, value, at] of clients)
  test(`a client address with ${name} is a wrong field`, () =>
    assert.deepEqual(paths(edited({ [client]: value })), [`${client}${at}`]));

test('a client’s address by hops or ranges passes', () => {
  for (const value of [
    { trustedHops: 1 },
    { trustedHops: 32 },
    { trustedCIDRs: ['10.0.0.1/8', '::/0'] },
    { trustedCIDRs: Array.from({ length: 64 }, (_, i) => `10.0.${i}.0/24`) },
  ])
    assert.deepEqual(paths(edited({ [client]: value })), [], JSON.stringify(value));
});

const normalization = 'listeners[0].pathNormalization';
const DEFAULT = { decodeUnreserved: true, mergeSlashes: true, encodedSlash: 'Keep' };
const normalizations: readonly [name: string, value: unknown, at: string][] = [
  ['a word', 'Default', ''],
  ['null', null, ''],
  ['a list', [DEFAULT], ''],
  ['a text for true', { ...DEFAULT, decodeUnreserved: 'true' }, '.decodeUnreserved'],
  ['a number for false', { ...DEFAULT, mergeSlashes: 0 }, '.mergeSlashes'],
  ['an unknown word', { ...DEFAULT, encodedSlash: 'Refuse' }, '.encodedSlash'],
  ['a word in lower case', { ...DEFAULT, encodedSlash: 'keep' }, '.encodedSlash'],
  ['a list of words', { ...DEFAULT, encodedSlash: ['Keep'] }, '.encodedSlash'],
  ['no decodeUnreserved', { mergeSlashes: true, encodedSlash: 'Keep' }, '.decodeUnreserved'],
  ['no mergeSlashes', { decodeUnreserved: true, encodedSlash: 'Keep' }, '.mergeSlashes'],
  ['no encodedSlash', { decodeUnreserved: true, mergeSlashes: true }, '.encodedSlash'],
];
for (const [name, value, at] of normalizations)
  test(`a path normalization with ${name} is a wrong field`, () =>
    assert.deepEqual(paths(edited({ [normalization]: value })), [`${normalization}${at}`]));

test('every path normalization passes, and so does none', () => {
  for (const decodeUnreserved of [true, false])
    for (const mergeSlashes of [true, false])
      for (const encodedSlash of ['Keep', 'Reject', 'Decode']) {
        const value = { decodeUnreserved, mergeSlashes, encodedSlash, later: 'than this proxy' };
        assert.deepEqual(paths(edited({ [normalization]: value })), [], JSON.stringify(value));
      }
  assert.deepEqual(paths(edited({ [normalization]: undefined })), []);
});

const headers = { set: [{ name: 'x-a', value: '1' }], add: [{ name: 'x-b', value: 'a b' }], remove: ['x-c'] };
const full = { type: 'ReplaceFullPath', value: '/a' };
const filters: readonly [name: string, filter: string, value: object, at: string][] = [
  ['a name with a capital', 'requestHeaderModifier', { ...headers, remove: ['X'] }, '.remove[0]'],
  ['a value with a line end', 'requestHeaderModifier', { ...headers, set: [{ name: 'a', value: 'a\r\nb: c' }] }, '.set[0].value'],
  [
    'a value that ends with a space',
    'responseHeaderModifier',
    { ...headers, add: [{ name: 'a', value: 'a ' }] },
    '.add[0].value',
  ],
  ['a hop-by-hop header', 'requestHeaderModifier', { ...headers, remove: ['connection'] }, '.remove[0]'],
  ['framing', 'responseHeaderModifier', { ...headers, remove: ['content-length'] }, '.remove[0]'],
  ['Host', 'requestHeaderModifier', { ...headers, set: [{ name: 'host', value: 'a' }] }, '.set[0].name'],
  ['our own headers', 'requestHeaderModifier', { ...headers, remove: ['x-forwarded-for'] }, '.remove[0]'],
  ['our own reason', 'responseHeaderModifier', { ...headers, remove: ['outrigger-reason'] }, '.remove[0]'],
  ['a header that is set and removed', 'responseHeaderModifier', { ...headers, remove: ['x-a'] }, ''],
  ['a missing list', 'responseHeaderModifier', { set: [] }, '.add,.remove'],
  ['a rewrite to a host with a port', 'urlRewrite', { hostname: 'a:80' }, '.hostname'],
  ['a path with dots', 'urlRewrite', { path: { ...full, value: '/a/../b' } }, '.path.value'],
  ['a path with encoded dots', 'urlRewrite', { path: { ...full, value: '/a/%2E%2e' } }, '.path.value'],
  ['a path with an encoded slash', 'urlRewrite', { path: { ...full, value: '/a%2fb' } }, '.path.value'],
  ['a path with a query', 'urlRewrite', { path: { ...full, value: '/a?b' } }, '.path.value'],
  ['an escape that is none', 'urlRewrite', { path: { ...full, value: '/a%2' } }, '.path.value'],
  ['an empty full path', 'urlRewrite', { path: { ...full, value: '' } }, '.path.value'],
  ['an unknown rewrite', 'urlRewrite', { path: { ...full, type: 'Append' } }, '.path.type'],
  ['status 304 for a redirect', 'requestRedirect', { statusCode: 304 }, '.statusCode'],
  ['a redirect to another scheme', 'requestRedirect', { scheme: 'javascript', statusCode: 302 }, '.scheme'],
  ['a redirect that is a header', 'requestRedirect', { hostname: 'a\r\nb', statusCode: 302 }, '.hostname'],
];

for (const [name, filter, value, at] of filters)
  test(`${name} is a wrong field`, () => {
    const wrong = at.split(',').map((end) => `${route}.${filter}${end}`);
    assert.deepEqual(
      paths(edited({ [`${route}.${filter}`]: value, ...(filter === 'requestRedirect' && { [`${route}.destinations`]: [] }) })),
      wrong,
    );
  });

test('filters and matches of every kind pass', () => {
  const matches = [
    { path: { type: 'RegularExpression', value: '[a-z]+' }, headers: [{ name: 'x', value: '.*', type: 'RegularExpression' }] },
  ];
  const forward = {
    [`${route}.matches`]: matches,
    [`${route}.requestHeaderModifier`]: headers,
    [`${route}.responseHeaderModifier`]: headers,
    [`${route}.urlRewrite`]: { hostname: 'a.test', path: full },
  };
  assert.deepEqual(paths(edited(forward)), []);
  const path = { type: 'ReplacePrefixMatch', value: '' };
  const redirect = { scheme: 'https', hostname: 'a.test', port: 443, path, statusCode: 308 };
  assert.deepEqual(paths(edited({ [`${route}.requestRedirect`]: redirect, [`${route}.destinations`]: [] })), []);
});

test('a redirect excludes backends, other routes require one, and ReplacePrefixMatch requires a prefix', () => {
  const redirect = { [`${route}.requestRedirect`]: { scheme: 'https', statusCode: 302 } };
  const none = { [`${route}.destinations`]: [] };
  assert.deepEqual(paths(edited(redirect)), [`${route}.requestRedirect`]);
  assert.deepEqual(paths(edited({ ...redirect, ...none, [`${route}.urlRewrite`]: {} })), [`${route}.requestRedirect`]);
  assert.deepEqual(paths(edited(none)), [`${route}.destinations`]);
  const exact = { [`${route}.matches`]: [{ path: { type: 'Exact', value: '/' } }] };
  const path = { type: 'ReplacePrefixMatch', value: '/a' };
  assert.deepEqual(paths(edited({ ...exact, [`${route}.urlRewrite`]: { path } })), [`${route}.urlRewrite.path.type`]);
});

test('ports, pool ids, header names and endpoint ids are unique', () => {
  const [listener] = good().listeners;
  const [pool] = good().pools;
  assert.deepEqual(paths(edited({ listeners: [listener, listener] })), ['listeners[1].port']);
  assert.deepEqual(paths(edited({ pools: [pool, pool] })), ['pools[1].id']);
  const header = { name: 'a', value: '' };
  assert.deepEqual(paths(edited({ [`${route}.matches[0].headers`]: [header, header] })), [`${route}.matches[0].headers[1].name`]);
  assert.deepEqual(paths(edited({ 'part.endpoints': [endpoint(1), endpoint(1)] })), ['part.endpoints[1].id']);
});

test('every wrong field is named', () => {
  const document = edited({ version: undefined, 'listeners[0].port': 0, [`${route}.policy`]: '' });
  assert.deepEqual(paths(document), ['version', 'listeners[0].port', `${route}.policy`]);
});

test('wrong fields beyond a thousand are counted', () => {
  const result = validateSnapshot({ ...good(), pools: Array(1100).fill({ id: '', digest: '' }) });
  assert.ok(!result.ok);
  assert.equal(result.wrong.length, 1001);
  assert.match(result.wrong.at(-1)?.message ?? '', /^and \d+ more/);
});

test('a part whose digest does not match is a wrong field', () => {
  const other = poolPart([endpoint(9)]);
  const key = digest(poolPart([endpoint(1)]));
  assert.deepEqual(paths({ ...good(), parts: { [key]: other } }), ['part']);
});

test('an active check must fit its interval and its ranges must not be empty', () => {
  const timing = { interval: 1000, timeout: 2000, unhealthyThreshold: 3, healthyThreshold: 2 };
  const active = { type: 'HTTP', path: '/', method: 'GET', ...timing, expectedStatuses: [{ from: 399, to: 200 }] };
  const at = 'part.healthCheck.active';
  assert.deepEqual(paths(edited({ [at]: active })), [`${at}.timeout`, `${at}.expectedStatuses[0]`]);
  assert.deepEqual(paths(edited({ [at]: { ...timing, type: 'TCP', timeout: 1000, port: 0 } })), [`${at}.port`]);
  assert.deepEqual(paths(edited({ [at]: { ...timing, type: 'UDP' } })), [`${at}.type`]);
});

test('lists beyond their limits are refused', () => {
  const many = poolPart(Array.from({ length: 5001 }, (_, i) => endpoint(1, { id: `e${i}` })));
  assert.deepEqual(paths(snapshot({ epoch: 1, sequence: 1 }, [key], [many])), ['part.endpoints']);
  const routes = Array(6000).fill(good().listeners[0]?.routes[0]);
  const listeners = [1, 2].map((port) => ({ port, protocol: 'HTTP', routes }));
  assert.deepEqual(paths({ ...good(), listeners }), ['listeners']);
  const matches = Array(1001).fill({ path: { type: 'RegularExpression', value: 'a' } });
  const half = [matches.slice(0, 501), matches.slice(501)].map((some) => ({ ...good().listeners[0]?.routes[0], matches: some }));
  assert.deepEqual(paths(edited({ 'listeners[0].routes': half })), ['listeners']);
});

test('deeply nested unknown members are refused', () => {
  let deep: unknown = 1;
  for (let i = 0; i < 50_000; i++) deep = [deep];
  assert.deepEqual(paths({ ...good(), deep }), ['']);
});

test('missing parts are those that neither the snapshot nor the receiver has', () => {
  const parts = [1, 2, 3].map((n) => poolPart([endpoint(n)]));
  const [first, second, third] = parts.map((part) => digest(part)) as [string, string, string];
  const document = snapshot({ epoch: 1, sequence: 1 }, [key], parts.slice(0, 1), parts.slice(1));
  assert.deepEqual(missingParts(document, new Set([second])), [third]);
  assert.deepEqual(missingParts(document, new Set([first])), [second, third]);
});

test('validation never throws, whatever the document', () => {
  const json = fc.jsonValue({ maxDepth: 4 });
  fc.assert(
    fc.property(json, json, json, (a, b, c) => {
      const inside = edited({
        [`${route}.matches`]: a,
        [`${route}.destinations`]: b,
        'part.endpoints': a,
        'part.healthCheck': c,
      });
      for (const document of [
        a,
        inside,
        { ...good(), listeners: a, pools: b, parts: c },
        { ...good(), version: a, trustedKeys: b },
      ])
        assert.equal(typeof validateSnapshot(document).ok, 'boolean');
    }),
  );
});
