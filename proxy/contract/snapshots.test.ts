/** Every snapshot that passes validation can be applied and served: none crashes or blocks the proxy. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { digest } from '../snapshot/canonical.ts';
import { listener, poolPart, endpoint as sample } from '../snapshot/testing.ts';
import { mutations } from '../snapshot/test-mutations.ts';
import { validateSnapshot } from '../snapshot/validate.ts';
import type { PathNormalization, PoolPart, Route, Snapshot } from '../snapshot/types.ts';
import { closedPort, httpBackend, rawRequest, startProxy } from '../testing.ts';
import { fuzz } from './test-fuzz.ts';

const ID = 'default/web/default/web:80';
const KEY = 'A'.repeat(43);
const headers = { set: [{ name: 'x-a', value: '1' }], add: [{ name: 'x-b', value: 'b' }], remove: ['x-c'] };
const base = listener(8080, 'default/web', ID).routes[0] as Route;
const routes: readonly Route[] = [
  base,
  { ...base, matches: [], requestHeaderModifier: headers, responseHeaderModifier: headers },
  {
    ...base,
    matches: [
      { path: { type: 'RegularExpression', value: '/[a-z]*' }, headers: [{ name: 'x', value: '.*', type: 'RegularExpression' }] },
    ],
    urlRewrite: { hostname: 'b.test', path: { type: 'ReplaceFullPath', value: '/b' } },
  },
  { ...base, matches: [], destinations: [], requestRedirect: { scheme: 'https', statusCode: 302 } },
];
const hashed = (consistentHash: object) => ({ type: 'ConsistentHash', consistentHash }) as PoolPart['loadBalancer'];
const balancers: readonly PoolPart['loadBalancer'][] = [
  { type: 'RoundRobin' },
  { type: 'PeakEWMA' },
  { type: 'LeastConnections' },
  hashed({ algorithm: 'Maglev', tableSize: 251, hashOn: { type: 'Cookie', name: 'a', ttl: 0 } }),
  hashed({ algorithm: 'Rendezvous', hashOn: { type: 'Path' }, affinity: { maxEntries: 5, idleTimeout: 100, drain: 0 } }),
];
const active = {
  type: 'HTTP',
  path: '/',
  method: 'GET',
  expectedStatuses: [{ from: 200, to: 299 }],
  expectedBody: 'ok',
  interval: 1000,
  timeout: 500,
  unhealthyThreshold: 3,
  healthyThreshold: 2,
} as const;

const PATHS: PathNormalization = { decodeUnreserved: true, mergeSlashes: false, encodedSlash: 'Decode' };

interface Content {
  readonly pathNormalization: PathNormalization;
  readonly routes: readonly Route[];
  readonly part: PoolPart;
}

const contents = fc
  .tuple(fc.shuffledSubarray([...routes], { minLength: 1 }), fc.constantFrom(...balancers), fc.boolean())
  .map(([some, loadBalancer, checked]): Content => {
    const part = { ...poolPart([sample(1), sample(2, { state: 'draining' })]), loadBalancer };
    return {
      pathNormalization: PATHS,
      routes: some,
      part: checked ? { ...part, healthCheck: { ...part.healthCheck, active } } : part,
    };
  })
  .chain(mutations);

/** A mutation may have removed anything. */
function snapshotOf(version: number, { pathNormalization, routes: some, part }: Content): Snapshot {
  const name = digest(part ?? null);
  return {
    version: { epoch: 1, sequence: version },
    trustedKeys: [KEY],
    listeners: [{ port: 8080, protocol: 'HTTP', pathNormalization, routes: some }],
    pools: [{ id: ID, digest: name }],
    parts: { [name]: part },
  };
}

test('a snapshot that passes validation can be applied and serves, whatever its values', async () => {
  const backend = await httpBackend((_req, res) => res.end('ok'));
  const proxy = await startProxy({ endpoints: [] });
  const port = await closedPort();
  let sequence = 0;
  let passed = 0;
  try {
    await fuzz(
      fc.asyncProperty(contents, async (content) => {
        const result = validateSnapshot(snapshotOf(++sequence, content));
        if (!result.ok) return void assert.ok(result.wrong.length > 0);
        passed++;
        const { listeners, pools, parts } = result.snapshot;
        // Ports and addresses of this machine; everything else as generated.
        const here = pools.map(({ id, digest: name }) => {
          const part = parts[name] as PoolPart;
          const endpoints = part.endpoints.map((e) => ({ ...e, address: '127.0.0.1', port: backend.port }));
          return { id, digest: `${name}-${sequence}`, part: { ...part, endpoints } };
        });
        await proxy.runtime.apply({
          version: result.snapshot.version,
          digest: String(sequence),
          trustedKeys: [KEY],
          listeners: listeners.map((l) => ({ ...l, port })),
          pools: here,
        });
        const answer = await rawRequest(port, 'GET /%61 HTTP/1.1\r\nHost: example.org\r\nX: y\r\nConnection: close\r\n\r\n');
        assert.match(answer, /^HTTP\/1\.1 (200|302|301|303|307|308|404|503|504) /, answer);
      }),
    );
    assert.ok(passed > 0, 'some of them pass');
  } finally {
    await proxy.close();
    await backend.close();
  }
});
