import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { digest } from '../../proxy/snapshot/canonical.ts';
import { validateSnapshot } from '../../proxy/snapshot/validate.ts';
import { translate } from './translate.ts';
import { anyInventory, shuffled } from './test-arbitraries.ts';
import { gateway, inventory, policy, service, SETTINGS, slice } from './testing.ts';
import type { PoolPart } from '../../proxy/snapshot/types.ts';
import type { Inventory, Translation } from './types.ts';

/** With the order of every map, which must not depend on the input's. */
const comparable = ({ contents, proxies, verdicts }: Translation): object => ({
  contents: [...contents],
  proxies,
  verdicts: [...verdicts],
});

describe('for any inventory', () => {
  test('the order of objects does not matter', () => {
    fc.assert(
      fc.property(anyInventory, fc.integer(), (given, seed) => {
        assert.deepEqual(
          comparable(translate(shuffled(structuredClone(given), seed), SETTINGS)),
          comparable(translate(given, SETTINGS)),
        );
      }),
      { numRuns: 200 },
    );
  });

  test('translation does not throw, and a proxy accepts every snapshot', () => {
    fc.assert(
      fc.property(anyInventory, (given) => {
        for (const { listeners, pools, parts } of translate(given, SETTINGS).contents.values()) {
          const key = 'A'.repeat(43);
          const version = { epoch: 1, sequence: 1 };
          const checked = validateSnapshot({ version, trustedKeys: [key], listeners, pools, parts: Object.fromEntries(parts) });
          assert.deepEqual(checked.ok ? [] : checked.wrong, []);
          for (const { digest: name } of pools) assert.equal(digest(parts.get(name)), name);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('a number that overflows is refused with its field', () => {
    const source = policy('a', { loadBalancer: { type: 'ConsistentHash', consistentHash: { tableSize: 1e999 } } });
    const { verdicts } = translate(inventory({ policies: [source] }), SETTINGS);
    const verdict = verdicts.get('default/a');
    assert.equal(verdict?.accepted.reason, 'UnsupportedValue');
    assert.match(verdict.accepted.message, /tableSize/);
  });

  test('there is a verdict for every policy that is not being deleted, and a snapshot for every proxy', () => {
    fc.assert(
      fc.property(anyInventory, (given) => {
        const { contents, proxies, verdicts } = translate(given, SETTINGS);
        const expected = [...given.policies].filter(([, { metadata }]) => metadata.deletionTimestamp === undefined);
        assert.deepEqual([...verdicts.keys()].sort(), expected.map(([key]) => key).sort());
        for (const { uid, selection } of proxies) {
          const content = contents.get(selection);
          const mine = [...verdicts].filter(([, verdict]) => verdict.proxies.includes(uid) && verdict.accepted.status === 'True');
          assert.deepEqual([...(content?.generations.keys() ?? [])].sort(), mine.map(([key]) => key).sort());
        }
        for (const { endpoints, endpointIds, accepted, resolvedRefs } of verdicts.values()) {
          assert.equal(endpointIds.length, endpoints.ready);
          assert.ok(endpoints.ready <= endpoints.total);
          for (const { message } of [accepted, resolvedRefs]) assert.ok(message.length > 0 && message.length <= 32_768);
        }
      }),
      { numRuns: 200 },
    );
  });
});

test('the inventory is not changed', () => {
  const given = inventory({
    policies: [policy('web', { listener: { port: 8080, hostnames: ['b.example.com', 'a.example.com'] } })],
    services: [service('echo')],
    endpointSlices: [slice('z', [{ addresses: ['10.0.0.2'] }]), slice('a', [{ addresses: ['10.0.0.1'] }])],
    proxyPods: [gateway('b'), gateway('a')],
  });
  const before = structuredClone(given);
  translate(given, SETTINGS);
  assert.deepEqual(given, before);
});

test('a change of one endpoint changes one part, and no route', () => {
  const at = (address: string): Translation =>
    translate(
      inventory({
        policies: [
          policy('web', {
            backendRefs: [
              { name: 'echo', port: 80 },
              { name: 'other', port: 80 },
            ],
          }),
        ],
        services: [service('echo'), service('other')],
        endpointSlices: [slice('s', [{ addresses: [address] }])],
        proxyPods: [gateway('a')],
      }),
      SETTINGS,
    );
  const [before, after] = [at('10.0.0.1'), at('10.0.0.2')].map(({ contents }) => contents.get('default/web'));
  assert.deepEqual(after?.listeners, before?.listeners);
  const changed = after?.pools.filter(({ digest: name }) => !before?.parts.has(name)).map(({ id }) => id);
  assert.deepEqual(changed, ['default/web/default/echo:80']);
});

test('only what changed is computed again', () => {
  const slices = [slice('s', [{ addresses: ['10.0.0.1'] }])];
  const base = inventory({
    policies: [policy('web')],
    services: [service('echo')],
    endpointSlices: slices,
    proxyPods: [gateway('a')],
  });
  const part = (change: Partial<Inventory>): PoolPart | undefined => {
    const content = translate({ ...base, ...change }, SETTINGS).contents.get('default/web');
    return content?.parts.values().next().value;
  };
  const before = part({});
  assert.equal(part({ proxyPods: new Map(base.proxyPods) }), before, 'the very same part');
  const { endpointSlices } = inventory({ endpointSlices: [slice('s', [{ addresses: ['10.0.0.2'] }])] });
  assert.equal(part({ endpointSlices })?.endpoints[0]?.address, '10.0.0.2');
  const { services } = inventory({ services: [service('echo', { ports: [{ name: 'http', port: 81 }] })] });
  assert.equal(part({ services })?.endpoints.length, 0);
  const { policies } = inventory({ policies: [policy('web', { loadBalancer: { type: 'Random' } })] });
  assert.equal(part({ policies })?.loadBalancer.type, 'Random');
  assert.deepEqual(part({}), before);
});

test('fewer slots than endpoints: a note that some get no traffic', () => {
  const endpoints = Array.from({ length: 252 }, (_, i) => ({
    addresses: [`10.0.${i >> 8}.${i & 255}`],
    targetRef: { kind: 'Pod', name: `p${i}`, uid: `u${i}` },
  }));
  const message = (tableSize: number): string | undefined => {
    const lbp = policy('web', { loadBalancer: { type: 'ConsistentHash', consistentHash: { tableSize } } });
    const given = inventory({ policies: [lbp], services: [service('echo')], endpointSlices: [slice('s', endpoints)] });
    return translate(given, SETTINGS).verdicts.get('default/web')?.resolvedRefs.message;
  };
  assert.match(message(251) ?? '', /tableSize 251 has no room for 252 endpoints: some get no traffic/);
  assert.doesNotMatch(message(257) ?? '', /tableSize/);
});
