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

/** Sets, or with undefined removes, the value at a path such as `listeners[0].port`. */
function put(root: Node, path: string, value: unknown): void {
  const keys = path.replaceAll(']', '').split(/[.[]/);
  const last = keys.pop() as string;
  const parent = keys.reduce((node, name) => node[name] as Node, root);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
}

/** The sample with other values at some paths; `part` stands for its only part, whose digest follows the change. */
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

/** Where a document is wrong; what is inside the only part starts with `part`. */
function paths(document: unknown): readonly string[] {
  const result = validateSnapshot(document);
  return result.ok ? [] : result.wrong.map((field) => field.path.replace(/^parts(\.|\[")[0-9a-f]{64}("\])?/, 'part'));
}

test('a good snapshot passes and has its digest', () => {
  assert.deepEqual(validateSnapshot(good()), { ok: true, snapshot: good(), digest: snapshotDigest(good()) });
});

test('a snapshot without listeners and pools passes', () => {
  assert.ok(validateSnapshot(snapshot({ epoch: 1, sequence: 1 }, [key], [])).ok);
});

test('unknown members are ignored but count for the digest', () => {
  const document = edited({ future: { a: 1 }, 'part.slowStart': { window: 10 } });
  const result = validateSnapshot(document);
  assert.ok(result.ok);
  assert.equal(result.digest, snapshotDigest(document as unknown as Snapshot));
});

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
  ['an upper-case header', `${route}.matches[0].headers[0].name`, 'X'],
  ['a header value with a line end', `${route}.matches[0].headers[0].value`, 'a\r\nb'],
  ['a path without slash', `${route}.matches[0].path.value`, 'x'],
  ['a digest that is none', 'pools[0].digest', 'abc'],
  ['a host name as address', 'part.endpoints[0].address', 'example.org'],
  ['an address with a zone', 'part.endpoints[0].address', 'fe80::1%eth0'],
  ['an unknown state', 'part.endpoints[1].state', 'gone'],
  ['an unknown strategy', 'part.loadBalancer.type', 'Fair'],
  ['a percentage of 101', 'part.healthCheck.passive.maxEjectionPercent', 101],
];

for (const [name, path, value] of cases)
  test(`${name} is a wrong field`, () => {
    assert.deepEqual(paths(edited({ [path]: value })), [path]);
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

test('a part whose digest is another is a wrong field', () => {
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

test('too many of anything is refused', () => {
  const many = poolPart(Array.from({ length: 5001 }, (_, i) => endpoint(1, { id: `e${i}` })));
  assert.deepEqual(paths(snapshot({ epoch: 1, sequence: 1 }, [key], [many])), ['part.endpoints']);
  const routes = Array(6000).fill(good().listeners[0]?.routes[0]);
  const listeners = [1, 2].map((port) => ({ port, protocol: 'HTTP', routes }));
  assert.deepEqual(paths({ ...good(), listeners }), ['listeners']);
});

test('unknown members nested without limit are refused', () => {
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
