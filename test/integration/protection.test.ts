/** What a policy does for its clients when endpoints leave, are busy, or cannot be used: sessions, slow start, limits, fallbacks. */
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import test, { after, before } from 'node:test';
import type { Backend } from './backend.ts';
import { until } from '../local-cluster/cluster.ts';
import { ask, whoAnswers } from './client.ts';
import type { Answer } from './client.ts';
import { Harness } from './harness.ts';

let harness: Harness;
let a: Backend, b: Backend, c: Backend, spare: Backend;
before(async () => {
  harness = await Harness.start();
  [a, b, c, spare] = await harness.backends('a', 'b', 'c', 'spare');
  await harness.publish('web', a, b);
  await harness.publish('spare', spare);
});
after(() => harness.stop());

const WEB = [{ name: 'web', port: 80 }];
const sessionOf = (answer: Answer) => answer.headers['set-cookie']?.[0]?.split(';')[0];

test('a session stays on its Pod on both gateways, also while the Pod drains, and moves when the Pod is gone', async () => {
  await harness.apply('sticky', {
    listener: { port: 8210 },
    backendRefs: WEB,
    sessionPersistence: { cookie: { name: 'sid', ttl: '1h' } },
  });
  await harness.untilProgrammed('sticky');
  const [one, other] = harness.gateways;
  const first = await ask(one.url(8210));
  const cookie = sessionOf(first) as string;
  const own = first.body;
  const visit = { headers: { cookie } };
  for (const gateway of [one, other]) assert.deepEqual([...(await whoAnswers(gateway.url(8210), 10, visit))], [[own, 10]]);

  const annotate = async (annotation: string) => {
    const { code, err } = await harness.kubectl(['annotate', '--overwrite', 'pod', own, annotation]);
    assert.equal(code, 0, err);
  };
  await annotate('outrigger.dev/maintenance=true');
  await harness.onEachGateway(
    'new sessions go to another Pod',
    async (gateway) => !(await whoAnswers(gateway.url(8210), 10)).has(own),
  );
  for (const gateway of [one, other]) assert.deepEqual([...(await whoAnswers(gateway.url(8210), 10, visit))], [[own, 10]]);
  await annotate('outrigger.dev/maintenance-');

  await harness.publish('web', own === 'a' ? b : a);
  await harness.onEachGateway('it moved', async (gateway) => !(await whoAnswers(gateway.url(8210), 5, visit)).has(own));
  const moved = await ask(other.url(8210), visit);
  assert.notEqual(sessionOf(moved), undefined);
  assert.notEqual(sessionOf(moved), cookie);
  await harness.publish('web', a, b);
});

test('a Pod that joins starts slowly', async () => {
  await harness.apply('slowly', {
    listener: { port: 8211 },
    backendRefs: WEB,
    loadBalancer: { type: 'WeightedRoundRobin', slowStart: { window: '10m' } },
  });
  await harness.untilProgrammed('slowly');
  await harness.publish('web', a, b, c);
  // One part in twenty-one.
  await harness.onEachGateway('its share is small', async (gateway) => {
    const share = (await whoAnswers(gateway.url(8211), 42)).get('c') ?? 0;
    return share >= 1 && share <= 4;
  });
  await harness.publish('web', a, b);
});

test('requests beyond the limit wait; those beyond the pending queue are refused', async () => {
  await harness.apply('limited', {
    listener: { port: 8212 },
    backendRefs: [{ name: 'spare', port: 80 }],
    circuitBreaker: { maxParallelRequests: 1, maxPendingRequests: 1 },
  });
  await harness.untilProgrammed('limited');
  const held: ServerResponse[] = [];
  spare.respond = (_request, response) => void held.push(response);
  try {
    const url = harness.gateways[0].url(8212);
    const asked = [1, 2, 3].map(() => ask(url));
    const refused = await Promise.race(asked);
    assert.equal(refused.status, 503);
    assert.equal(refused.headers['outrigger-reason'], 'overflow');
    for (let served = 1; served <= 2; served++) {
      while (held.length < served) await new Promise((resolve) => setTimeout(resolve, 5));
      assert.equal(held.length, served);
      held[served - 1]?.end('served');
    }
    assert.deepEqual((await Promise.all(asked)).map(({ status }) => status).sort(), [200, 200, 503]);
  } finally {
    spare.respond = (_request, response) => response.end(spare.name);
  }
});

test('a fallback serves only while no endpoint is left; its Service may be created later', async () => {
  const fallback = { type: 'BackendRef', backendRef: { name: 'late', port: 80 } } as const;
  const loadBalancer = { type: 'RoundRobin' } as const;
  await harness.apply('covered', { listener: { port: 8213 }, backendRefs: WEB, loadBalancer, fallback });
  await harness.untilProgrammed('covered');
  const { message } = await harness.untilCondition('covered', 'ResolvedRefs', 'False', 'BackendNotFound');
  assert.match(message, /fallback\.backendRef: Service \S+\/late does not exist/);
  const bodies = async (url: string) => [...(await whoAnswers(url, 6)).keys()].sort();
  for (const gateway of harness.gateways) assert.deepEqual(await bodies(gateway.url(8213)), ['a', 'b']);

  await harness.publish('late', spare);
  await harness.untilCondition('covered', 'ResolvedRefs', 'True');
  await harness.publish('web');
  await harness.onEachGateway('the fallback serves', async (gateway) => (await bodies(gateway.url(8213))).join() === 'spare');
  // Endpoints of the fallback do not count as the policy's.
  await until('no endpoint is ready', 30_000, async () => (await harness.policy('covered')).status?.endpoints?.ready === 0);
  await harness.publish('web', a, b);
  await harness.onEachGateway(
    'the fallback serves no more',
    async (gateway) => (await bodies(gateway.url(8213))).join() === 'a,b',
  );

  await harness.apply('covered', {
    listener: { port: 8213 },
    backendRefs: WEB,
    fallback: { type: 'Response', response: { statusCode: 200, contentType: 'application/json', body: '{}' } },
  });
  await harness.untilProgrammed('covered');
  await harness.publish('web');
  await harness.onEachGateway('a fixed answer', async (gateway) => {
    const { status, headers, body } = await ask(gateway.url(8213));
    return status === 200 && body === '{}' && headers['content-type'] === 'application/json';
  });
  await harness.publish('web', a, b);
});
