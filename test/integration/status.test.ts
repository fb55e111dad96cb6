/** What a policy's author reads in its status. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import test, { after, before } from 'node:test';
import { until } from '../local-cluster/cluster.ts';
import type { Backend } from './backend.ts';
import { ask, whoAnswers } from './client.ts';
import { Harness } from './harness.ts';
import { policyPath, type Policy } from './objects.ts';

const toWeb = (port: number) => ({ listener: { port }, backendRefs: [{ name: 'web', port: 80 }] });
const CHECK = { type: 'HTTP', path: '/healthz', interval: '200ms', timeout: '200ms', unhealthyThreshold: 1 } as const;
const healthOf = (metrics: string, of: string) =>
  [...metrics.matchAll(/^outrigger_endpoint_healthy\{(.*)\} (\d)$/gm)]
    .filter(([, labels]) => labels?.includes(`policy="${of}"`))
    .map(([, labels, value]) => `${/endpoint="([^"]+)"/.exec(labels ?? '')?.[1]}=${value}`)
    .sort()
    .join(' ');

let harness: Harness;
let a: Backend, b: Backend, c: Backend;
before(async () => {
  harness = await Harness.start();
  [a, b, c] = await harness.backends('a', 'b', 'c');
  await harness.publish('web', a, b, c);
  // Checked at the end: the operator writes counts at most every 10 s.
  const [well, ill] = await harness.backends('well', 'ill');
  ill.respond = (_request, response) => response.writeHead(500).end();
  await harness.publish('monitored', well, ill);
  await harness.apply('monitor', { backendRefs: [{ name: 'monitored', port: 80 }], healthCheck: { active: CHECK } });
  const [sound, failing] = await harness.backends('sound', 'failing');
  failing.respond = (_request, response) => response.writeHead(503).end();
  await harness.publish('judged', sound, failing);
  await harness.apply('passive', {
    ...{ listener: { port: 8306 }, backendRefs: [{ name: 'judged', port: 80 }] },
    healthCheck: { passive: { consecutive5xx: 2, baseEjectionTime: '5m' } },
  });
  await harness.untilProgrammed('passive');
  await harness.onEachGateway('the failing one is ejected', async (gateway) => {
    assert.deepEqual([...(await whoAnswers(gateway.url(8306), 4)).keys()], ['sound']);
    return healthOf(await gateway.metrics(), 'passive') === 'failing:8080=0 sound:8080=1';
  });
});
after(() => harness.stop());

test('an endpoint whose check fails gets no requests until it passes again', async () => {
  let answer = 'status: UP';
  a.respond = (request, response) => response.end(request.url === '/healthz' ? answer : 'a');
  for (const backend of [b, c]) {
    backend.respond = (request, response) => response.end(request.url === '/healthz' ? 'status: UP' : backend.name);
  }
  const active = { ...CHECK, expectedBody: 'status: (UP|OK)', healthyThreshold: 2 };
  await harness.apply('checked', { ...toWeb(8301), loadBalancer: { type: 'RoundRobin' }, healthCheck: { active } });
  await harness.untilProgrammed('checked');
  const served = async (url: string) => [...(await whoAnswers(url, 12)).keys()].sort().join('');
  await harness.onEachGateway('all serve', async (gateway) => (await served(gateway.url(8301))) === 'abc');
  answer = 'status: DOWN';
  await harness.onEachGateway('a does not', async (gateway) => (await served(gateway.url(8301))) === 'bc');
  answer = 'status: OK';
  await harness.onEachGateway('a does again', async (gateway) => (await served(gateway.url(8301))) === 'abc');
});

test('endpoints and proxies are counted', async () => {
  await harness.publish(
    'mixed',
    a,
    { backend: b, ready: false, serving: false },
    { backend: c, ready: false, terminating: true },
  );
  await harness.apply('counted', { listener: { port: 8302 }, backendRefs: [{ name: 'mixed', port: 80 }] });
  await harness.untilProgrammed('counted');
  const { status } = await harness.policy('counted');
  assert.deepEqual(status?.endpoints, { total: 3, ready: 1, healthy: 1 });
  assert.deepEqual(status?.proxies, { total: 2, programmed: 2 });
  assert.deepEqual(status?.summary, { endpoints: '1/3', proxies: '2/2' });
});

test('a selector that selects no proxy: Programmed is False, NoProxies; one that selects them all again: True', async () => {
  await harness.apply('unselected', { ...toWeb(8303), proxies: { selector: { matchLabels: { app: 'none' } } } });
  await harness.untilCondition('unselected', 'Programmed', 'False', 'NoProxies');
  assert.equal((await harness.policy('unselected')).status?.summary?.proxies, '0/0');
  for (const gateway of harness.gateways) await assert.rejects(ask(gateway.url(8303)), { code: 'ECONNREFUSED' });
  await harness.apply('unselected', { ...toWeb(8303), proxies: { selector: { matchLabels: { app: 'outrigger-gateway' } } } });
  await harness.untilProgrammed('unselected');
  for (const gateway of harness.gateways) assert.equal((await ask(gateway.url(8303))).status, 200);
});

test('changes of endpoints alone never flip Programmed', async () => {
  const [d, e] = await harness.backends('d', 'e');
  await harness.publish('moving', d);
  await harness.apply('moving', { listener: { port: 8304 }, backendRefs: [{ name: 'moving', port: 80 }] });
  await harness.untilProgrammed('moving');
  const stop = new AbortController();
  const start = await harness.policy('moving');
  const seen: (string | undefined)[] = [];
  const watching = (async () => {
    const path = policyPath(harness.namespace);
    for await (const { object } of harness.api.watch<Policy>(path, start.metadata.resourceVersion, stop.signal)) {
      if (object.metadata.name !== 'moving') continue;
      seen.push(object.status?.conditions?.find(({ type }) => type === 'Programmed')?.status);
    }
  })().catch(() => undefined);
  for (let i = 0; i < 10; i += 1) {
    const [only, name] = i % 2 === 0 ? [e, 'e'] : [d, 'd'];
    await harness.publish('moving', only);
    await harness.onEachGateway(`${name} serves alone`, async (gateway) => {
      const names = [...(await whoAnswers(gateway.url(8304), 3)).keys()];
      return names.join() === name;
    });
  }
  stop.abort();
  await watching;
  assert.deepEqual(
    seen.filter((status) => status !== 'True'),
    [],
  );
  const end = await harness.policy('moving');
  const transition = ({ status }: Policy) => status?.conditions?.find(({ type }) => type === 'Programmed')?.lastTransitionTime;
  assert.equal(transition(end), transition(start));
});

test('a port in use on one gateway: the message names both, the other gateway serves, and it recovers without an edit', async () => {
  const [first, second] = harness.gateways;
  const squatter = createServer().listen(8305, first.address);
  await once(squatter, 'listening');
  try {
    await harness.apply('blocked', toWeb(8305));
    const condition = await harness.untilCondition('blocked', 'Programmed', 'False', 'Rejected');
    assert.equal(
      condition.message,
      `${harness.systemNamespace}/${first.name}: port 8305 is in use on this proxy by another process.`,
    );
    assert.equal((await ask(second.url(8305))).status, 200);
    assert.match(await first.metrics(), /^outrigger_listener_rejected\{.*policy="blocked",port="8305"\} 1$/m);
  } finally {
    squatter.close();
  }
  await harness.untilProgrammed('blocked');
  assert.equal((await ask(first.url(8305))).status, 200);
});

test('a policy without listener only monitors, and reports which endpoints are healthy', async () => {
  const accepted = await harness.untilCondition('monitor', 'Accepted', 'True');
  assert.match(accepted.message, /only monitors/);
  await harness.untilProgrammed('monitor');
  await harness.onEachGateway(
    'the failing endpoint is unhealthy',
    async (gateway) => healthOf(await gateway.metrics(), 'monitor') === 'ill:8080=0 well:8080=1',
  );
  const { status } = await until('it is counted', 60_000, async () => {
    const policy = await harness.policy('monitor');
    return policy.status?.summary?.endpoints === '1/2' && policy;
  });
  assert.deepEqual(status?.endpoints, { total: 2, ready: 2, healthy: 1 });
  const { out } = await harness.kubectl(['get', 'lbp', 'monitor', '--no-headers']);
  assert.match(out, /^monitor +True +LeastRequest +1\/2 +2\/2 /, 'no port');
});

test('an endpoint that requests have ejected is not counted as healthy', async () => {
  const { status } = await until('it is counted', 60_000, async () => {
    const policy = await harness.policy('passive');
    return policy.status?.summary?.endpoints === '1/2' && policy;
  });
  assert.deepEqual(status?.endpoints, { total: 2, ready: 2, healthy: 1 });
  for (const gateway of harness.gateways) {
    assert.match(await gateway.metrics(), /^outrigger_ejections_total\{.*policy="passive".*reason="consecutive-5xx"\} 1$/m);
  }
});
