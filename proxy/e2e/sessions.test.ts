/** Session persistence from the client's side: which endpoint a cookie selects, for how long, and what an invalid one does. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { endpoint, eventually, get, httpBackend, opener, POOL, scriptedBackend, statusOf } from '../testing.ts';
import type { Backend, ProxySpec, TestProxy } from '../testing.ts';
import type { Endpoint } from '../snapshot/types.ts';

const { start, track } = opener();
const SESSION = { policyUid: 'uid-of-p', name: 'sid', ttl: 3_600_000, sameSite: 'Lax' } as const;

const backend = async (name: string, status = 200): Promise<Backend> =>
  track(
    await httpBackend((_req, res) => {
      res.statusCode = status;
      res.end(name);
    }),
  );
const bodyOf = (answer: string) => answer.split('\r\n\r\n')[1] ?? '';
const cookieOf = (answer: string) => /^set-cookie: (.*)\r$/im.exec(answer)?.[1];
const valueOf = (answer: string) => /^sid=([^;]*)/.exec(cookieOf(answer) ?? '')?.[1] ?? '';
const visit = (proxy: TestProxy, value: string) => get(proxy.port, '/', `Cookie: other=1; sid=${value}\r\n`);

/** Three backends, and a client with a session on one of them. */
async function withSession(more: Partial<ProxySpec> = {}) {
  const names = ['a', 'b', 'c'];
  const backends = await Promise.all(names.map((name) => backend(name)));
  const endpoints = backends.map((b) => endpoint(b.port));
  const spec = { ...more, route: { sessionPersistence: SESSION, ...more.route } };
  const proxy = await start({ endpoints, ...spec });
  const first = await get(proxy.port);
  const own = names.indexOf(bodyOf(first));
  /** Applies the same spec with the client's endpoint changed; undefined: removed. */
  const change = (its: Partial<Endpoint> | undefined, timeouts = {}) =>
    proxy.apply({
      ...spec,
      timeouts: { ...spec.timeouts, ...timeouts },
      endpoints: endpoints.flatMap((e, i) => (i !== own ? [e] : its ? [{ ...e, ...its }] : [])),
    });
  const place = { name: names[own] as string, endpoint: endpoints[own] as Endpoint, backend: backends[own] as Backend };
  return { proxy, endpoints, change, place, value: valueOf(first), first };
}

describe('a client without a session', () => {
  test('gets a cookie: 128 bits of SHA-256(policy UID, endpoint id)', async () => {
    const { first, place, value } = await withSession();
    assert.equal(cookieOf(first), `sid=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=3600`);
    const hash = createHash('sha256').update(`uid-of-p\0${place.endpoint.id}`).digest('hex');
    assert.equal(value, hash.slice(0, 32));
  });

  test('gets none with a failed response', async () => {
    const bad = await backend('bad', 500);
    const proxy = await start({ endpoints: [endpoint(bad.port)], route: { sessionPersistence: SESSION } });
    const answer = await get(proxy.port);
    assert.equal(statusOf(answer), 500);
    assert.equal(cookieOf(answer), undefined);
  });

  test('gets none with a local reply', async () => {
    const proxy = await start({ endpoints: [], route: { sessionPersistence: SESSION } });
    assert.equal(cookieOf(await get(proxy.port)), undefined);
  });
});

describe('a client with a session', () => {
  test('returns to its endpoint, on this proxy and any other, and gets no further cookie', async () => {
    const { proxy, endpoints, place, value } = await withSession();
    const other = await start({ endpoints: [...endpoints].reverse(), route: { sessionPersistence: SESSION } });
    for (let i = 0; i < 10; i++) {
      const answer = await visit(i % 2 ? proxy : other, value);
      assert.equal(bodyOf(answer), place.name);
      assert.equal(cookieOf(answer), undefined);
    }
  });

  test('does not affect the rotation of other clients', async () => {
    const { proxy, value } = await withSession();
    const served: string[] = [];
    for (let i = 0; i < 6; i++) {
      served.push(bodyOf(await get(proxy.port)));
      await visit(proxy, value);
    }
    assert.deepEqual(served.slice(0, 3), served.slice(3));
    assert.equal(new Set(served).size, 3);
  });

  test('stays when other endpoints join and leave', async () => {
    const { proxy, place, value } = await withSession();
    const fresh = await backend('new');
    const route = { sessionPersistence: SESSION };
    await proxy.apply({ endpoints: [endpoint(fresh.port), place.endpoint], route });
    for (let i = 0; i < 4; i++) assert.equal(bodyOf(await visit(proxy, value)), place.name);
    // The new endpoint has sessions, too.
    let answer = '';
    while (bodyOf(answer) !== 'new') answer = await get(proxy.port);
    for (let i = 0; i < 4; i++) assert.equal(bodyOf(await visit(proxy, valueOf(answer))), 'new');
  });

  test('stays while its endpoint drains, which serves no other client, until timeouts.drain; then it moves', async () => {
    const { proxy, change, place, value } = await withSession();
    await change({ state: 'draining' }, { drain: 60_000 });
    for (let i = 0; i < 4; i++) {
      assert.equal(bodyOf(await visit(proxy, value)), place.name);
      assert.notEqual(bodyOf(await get(proxy.port)), place.name);
    }
    // The drain goes on; a shorter timeout ends it.
    await change({ state: 'draining' }, { drain: 1 });
    await new Promise((resolve) => setTimeout(resolve, 5));
    const moved = await visit(proxy, value);
    assert.notEqual(bodyOf(moved), place.name);
    assert.notEqual(valueOf(moved), '');
    assert.equal(bodyOf(await visit(proxy, valueOf(moved))), bodyOf(moved));
  });

  for (const [why, its] of [
    ['has left', undefined],
    ['has weight 0', { weight: 0 }],
    ['was replaced by another at its address', { id: 'another' }],
  ] as const) {
    test(`moves, and gets a new cookie, when its endpoint ${why}`, async () => {
      const { proxy, change, value } = await withSession();
      await change(its);
      const answer = await visit(proxy, value);
      assert.equal(statusOf(answer), 200);
      assert.notEqual(valueOf(answer), '');
      assert.notEqual(valueOf(answer), value);
      assert.equal(bodyOf(await visit(proxy, valueOf(answer))), bodyOf(answer));
    });
  }

  test('moves when its endpoint cannot be reached, without a failed request', async () => {
    const { proxy, place, value } = await withSession();
    await place.backend.close();
    const answer = await visit(proxy, value);
    assert.equal(statusOf(answer), 200);
    assert.notEqual(bodyOf(answer), place.name);
    assert.equal(bodyOf(await visit(proxy, valueOf(answer))), bodyOf(answer));
  });

  test('moves when its endpoint fails its probes', async () => {
    const active = { type: 'TCP', interval: 100, timeout: 100, unhealthyThreshold: 1, healthyThreshold: 1 } as const;
    const passive = { consecutiveConnectFailures: 1000, baseEjectionTime: 1000, maxEjectionPercent: 100 };
    const { proxy, place, value } = await withSession({ part: { healthCheck: { active, passive } } });
    await place.backend.close();
    await eventually(() => proxy.runtime.unhealthy().length === 1);
    const answer = await visit(proxy, value);
    assert.notEqual(bodyOf(answer), place.name);
    await eventually(() => proxy.records.at(-1)?.tries === 1);
  });

  test('gets no cookie with a failed response, and keeps the one it has', async () => {
    const bad = await scriptedBackend('HTTP/1.1 500 no\r\nContent-Length: 0\r\n\r\n').then(track);
    const { proxy } = await withSession();
    await proxy.apply({ endpoints: [endpoint(bad.port)], route: { sessionPersistence: SESSION } });
    const answer = await visit(proxy, 'gone');
    assert.equal(statusOf(answer), 500);
    assert.equal(cookieOf(answer), undefined);
  });
});

describe('an invalid cookie counts as none', () => {
  const bad: Readonly<Record<string, string>> = {
    forged: 'f'.repeat(32),
    empty: '',
    'half of a value': '0123456789abcdef',
    'a property of Object.prototype': '__proto__',
    'an endpoint’s id': 'e-80',
    long: 'x'.repeat(4000),
    'in quotes, with other characters': '"\'; drop"',
  };
  for (const [name, value] of Object.entries(bad)) {
    test(name, async () => {
      const { proxy, place, value: own } = await withSession();
      const used = new Set<string>();
      for (let i = 0; i < 3; i++) {
        const answer = await visit(proxy, value);
        assert.equal(statusOf(answer), 200);
        assert.match(valueOf(answer), /^[0-9a-f]{32}$/);
        used.add(bodyOf(answer));
      }
      assert.equal(used.size, 3);
      assert.equal(bodyOf(await visit(proxy, own)), place.name);
    });
  }

  test('of another policy', async () => {
    const { proxy, endpoints, value } = await withSession();
    await proxy.apply({ endpoints, route: { sessionPersistence: { ...SESSION, policyUid: 'uid-of-another' } } });
    assert.notEqual(valueOf(await visit(proxy, value)), '');
  });

  test('in capitals: values are case-sensitive', async () => {
    const { proxy, value } = await withSession();
    assert.notEqual(valueOf(await visit(proxy, value.toUpperCase())), '');
  });
});

describe('with several backends', () => {
  const OTHER = 'default/p/default/canary:80';

  /** Two backends with weights 9 and 1, each with one endpoint. */
  async function canary() {
    const [stable, fresh] = [await backend('stable'), await backend('canary')];
    const proxy = await start({ endpoints: [] });
    let version = 100;
    const apply = async (weights: readonly [number, number]) => {
      version++;
      const part = (b: Backend) => ({
        loadBalancer: { type: 'RoundRobin' } as const,
        healthCheck: { passive: { consecutiveConnectFailures: 3, baseEjectionTime: 1000, maxEjectionPercent: 50 } },
        endpoints: [endpoint(b.port)],
      });
      const [route] = proxy.runtime.listeners.get(proxy.port)?.routes.values() ?? [];
      assert.ok(route);
      const destinations = [POOL, OTHER].map((pool, i) => ({ pool, weight: weights[i] as number }));
      await proxy.runtime.apply({
        version: { epoch: 2, sequence: version },
        digest: String(version),
        trustedKeys: [],
        listeners: [
          { port: proxy.port, protocol: 'HTTP', routes: [{ ...route.route, destinations, sessionPersistence: SESSION }] },
        ],
        pools: [
          { id: POOL, digest: `${version}s`, part: part(stable) },
          { id: OTHER, digest: `${version}c`, part: part(fresh) },
        ],
      });
    };
    await apply([9, 1]);
    return { proxy, apply };
  }

  test('a session keeps its backend, and does not affect the split', async () => {
    const { proxy } = await canary();
    let answer = '';
    for (let i = 0; bodyOf(answer) !== 'canary' && i < 10; i++) answer = await get(proxy.port);
    const value = valueOf(answer);
    const count = { stable: 0, canary: 0 };
    for (let i = 0; i < 100; i++) {
      assert.equal(bodyOf(await visit(proxy, value)), 'canary');
      count[bodyOf(await get(proxy.port)) as 'stable']++;
    }
    assert.deepEqual(count, { stable: 90, canary: 10 });
  });

  test('a backend of weight 0 keeps no sessions', async () => {
    const { proxy, apply } = await canary();
    let answer = '';
    for (let i = 0; bodyOf(answer) !== 'canary' && i < 10; i++) answer = await get(proxy.port);
    await apply([1, 0]);
    const moved = await visit(proxy, valueOf(answer));
    assert.equal(bodyOf(moved), 'stable');
    assert.notEqual(valueOf(moved), '');
  });
});
