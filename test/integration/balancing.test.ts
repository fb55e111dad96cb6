/** Which endpoint a request goes to: strategies, weights, maintenance, shares, matches. */
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import test, { after, before } from 'node:test';
import type { Backend } from './backend.ts';
import { ask, whoAnswers } from './client.ts';
import { Harness } from './harness.ts';

let harness: Harness;
let a: Backend, b: Backend, c: Backend, other: Backend;
before(async () => {
  harness = await Harness.start();
  [a, b, c, other] = await harness.backends('a', 'b', 'c', 'other');
  await harness.publish('web', a, b, c);
  await harness.publish('next', other);
});
after(() => harness.stop());

const WEB = [{ name: 'web', port: 80 }];
const counts = async (url: string, requests: number) =>
  ['a', 'b', 'c'].map(
    (
      (answers) => (name: string) =>
        answers.get(name) ?? 0
    )(await whoAnswers(url, requests)),
  );
const annotate = async (...args: string[]) => {
  const { code, err } = await harness.kubectl(['annotate', '--overwrite', 'pod', ...args]);
  assert.equal(code, 0, err);
};

test('each of the five strategies balances over all endpoints, on both gateways', async () => {
  const inTurn = ['RoundRobin', 'WeightedRoundRobin', 'LeastConnections'] as const;
  const byChance = ['LeastRequest', 'Random'] as const;
  const types = [...inTurn, ...byChance];
  const pathOf = (type: string) => `/${type}`;
  for (const type of types) {
    await harness.apply(type.toLowerCase(), {
      listener: { port: 8200 },
      matches: [{ path: { type: 'Exact', value: pathOf(type) } }],
      backendRefs: WEB,
      loadBalancer: { type },
    });
  }
  await harness.untilProgrammed(...types.map((type) => type.toLowerCase()));
  for (const gateway of harness.gateways) {
    for (const type of inTurn) assert.deepEqual(await counts(gateway.url(8200, pathOf(type)), 60), [20, 20, 20], type);
    for (const type of byChance) {
      const shares = await counts(gateway.url(8200, pathOf(type)), 120);
      // One of three: 40 ± 5.2; fewer than 15 would be five standard deviations off.
      assert.ok(
        shares.every((share) => share >= 15),
        `${type}: ${shares.join()}`,
      );
    }
  }
});

test('the least busy endpoint is chosen while others are busy', async () => {
  await harness.apply('busy', { listener: { port: 8201 }, backendRefs: WEB, loadBalancer: { type: 'LeastConnections' } });
  await harness.untilProgrammed('busy');
  const held: ServerResponse[] = [];
  a.respond = b.respond = (_request, response) => void held.push(response);
  const url = harness.gateways[0].url(8201);
  const waiting: Promise<unknown>[] = [];
  try {
    while (held.length < 2) {
      const answered = ask(url);
      waiting.push(answered);
      const seen = held.length + c.hits;
      await harness.onEachGateway('it arrived', async () => held.length + c.hits > seen);
    }
    assert.deepEqual(await counts(url, 6), [0, 0, 6]);
  } finally {
    for (const backend of [a, b]) backend.respond = (_request, response) => response.end(backend.name);
    for (const response of held) response.end('late');
    await Promise.all(waiting);
  }
});

test('the weight annotation of a Pod sets its share while it is there', async () => {
  await harness.apply('weighted', { listener: { port: 8202 }, backendRefs: WEB, loadBalancer: { type: 'WeightedRoundRobin' } });
  await harness.untilProgrammed('weighted');
  const about = (wanted: number[], shares: number[]) => shares.every((share, i) => Math.abs(share - (wanted[i] ?? 0)) <= 1);
  await annotate('a', 'outrigger.dev/weight=3');
  await harness.onEachGateway('a has three shares', async (gateway) => about([30, 10, 10], await counts(gateway.url(8202), 50)));
  await annotate('a', 'outrigger.dev/weight=0');
  await harness.onEachGateway('a has none', async (gateway) => about([0, 15, 15], await counts(gateway.url(8202), 30)));
  await annotate('a', 'outrigger.dev/weight-');
  await harness.onEachGateway('a has one', async (gateway) => about([10, 10, 10], await counts(gateway.url(8202), 30)));
});

test('maintenance: running requests finish, no new one starts, and the endpoint comes back', async () => {
  await harness.apply('maintained', { listener: { port: 8203 }, backendRefs: WEB, loadBalancer: { type: 'RoundRobin' } });
  await harness.untilProgrammed('maintained');
  const [gateway] = harness.gateways;
  const held = Promise.withResolvers<ServerResponse>();
  a.respond = (request, response) => (request.url === '/long' ? held.resolve(response) : response.end('a'));
  const longs = [1, 2, 3].map(() => ask(gateway.url(8203, '/long')));
  const response = await held.promise;

  await annotate('a', 'outrigger.dev/maintenance=true');
  await harness.onEachGateway('a gets no requests', async (each) => (await counts(each.url(8203), 20))[0] === 0);
  response.end('a, at last');
  const bodies = (await Promise.all(longs)).map(({ status, body }) => `${status} ${body}`).sort();
  assert.deepEqual(bodies, ['200 a, at last', '200 b', '200 c']);

  await annotate('a', 'outrigger.dev/maintenance-');
  await harness.onEachGateway('a is back', async (each) => (await counts(each.url(8203), 30))[0] === 10);
});

test('backendRefs share the traffic by weight; the share of a missing Service goes to the others, and the status names it', async () => {
  await harness.apply('shared', {
    listener: { port: 8204 },
    backendRefs: [
      { name: 'web', port: 80, weight: 9 },
      { name: 'next', port: 80, weight: 1 },
    ],
  });
  await harness.apply('half-missing', {
    listener: { port: 8205 },
    backendRefs: [...WEB, { name: 'absent', port: 80 }],
    loadBalancer: { type: 'RoundRobin' },
  });
  await harness.untilProgrammed('shared', 'half-missing');
  for (const gateway of harness.gateways) {
    assert.equal((await whoAnswers(gateway.url(8204), 100)).get('other'), 10);
    assert.deepEqual([...(await whoAnswers(gateway.url(8205), 12)).keys()].sort(), ['a', 'b', 'c']);
  }
  const unresolved = await harness.untilCondition('half-missing', 'ResolvedRefs', 'False');
  assert.equal(unresolved.reason, 'BackendNotFound');
  assert.match(unresolved.message, /absent/);
});

test('host, path, method and header select the policy, the most specific first', async () => {
  const to = async (name: string, hostnames: string[], match: object) => {
    const [backend] = await harness.backends(name);
    await harness.publish(name, backend);
    await harness.apply(name, { listener: { port: 8206, hostnames }, matches: [match], backendRefs: [{ name, port: 80 }] });
  };
  await to('any', [], {});
  await to('wild', ['*.example.com'], {});
  await to('shop', ['shop.example.com'], {});
  await to('cart', ['shop.example.com'], { path: { value: '/cart' } });
  await to('exact', ['shop.example.com'], { path: { type: 'Exact', value: '/cart/checkout' } });
  await to('post', ['shop.example.com'], { path: { value: '/cart' }, method: 'POST' });
  await to('beta', ['shop.example.com'], { path: { value: '/cart' }, headers: [{ name: 'X-Beta', value: 'yes' }] });
  await harness.untilProgrammed('any', 'wild', 'shop', 'cart', 'exact', 'post', 'beta');

  const shop = { host: 'shop.example.com' };
  const cases: [want: string, path: string, headers: Record<string, string>, method?: string][] = [
    ['any', '/', {}],
    ['any', '/cart', { host: 'example.com' }],
    ['wild', '/cart', { host: 'a.b.example.com' }],
    ['shop', '/', shop],
    ['shop', '/carton', shop],
    ['cart', '/cart', { host: 'SHOP.example.com:8206' }],
    ['cart', '/cart/1?x=/', shop],
    ['exact', '/cart/checkout', shop],
    ['exact', '/cart/checkout', shop, 'POST'],
    ['post', '/cart/1', shop, 'POST'],
    ['beta', '/cart/1', { ...shop, 'x-beta': 'yes' }],
    ['cart', '/cart/1', { ...shop, 'x-beta': 'Yes' }],
    ['post', '/cart/1', { ...shop, 'x-beta': 'yes' }, 'POST'],
  ];
  for (const gateway of harness.gateways) {
    for (const [want, path, headers, method = 'GET'] of cases) {
      const { body } = await ask(gateway.url(8206, path), { headers, method });
      assert.equal(body, want, `${method} ${path} ${JSON.stringify(headers)}`);
    }
  }
});
