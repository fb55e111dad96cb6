/** From `kubectl apply` to a response, and what can be observed on the way. */
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { until } from '../local-cluster/cluster.ts';
import type { Backend } from './backend.ts';
import { ask, Load, whoAnswers } from './client.ts';
import { Harness } from './harness.ts';
import { policy } from './objects.ts';

let harness: Harness;
let a: Backend, b: Backend, c: Backend;
before(async () => {
  harness = await Harness.start();
  [a, b, c] = await harness.backends('a', 'b', 'c');
  await harness.publish('web', a, b, c);
});
after(() => harness.stop());

const toWeb = (port: number, rest: object = {}) => ({
  listener: { port },
  backendRefs: [{ name: 'web', port: 80 }],
  loadBalancer: { type: 'RoundRobin' as const },
  ...rest,
});
const yaml = JSON.stringify; // which is YAML, too

test('kubectl apply, wait, get and explain; then both gateways balance', async () => {
  const applied = await harness.kubectl(['apply', '-f', '-'], yaml(policy('first', toWeb(8100))));
  assert.equal(applied.out, 'loadbalancerpolicy.outrigger.dev/first created\n', applied.err);
  const waited = await harness.kubectl(['wait', '--for=condition=Ready', '--timeout=30s', 'lbp/first']);
  assert.equal(waited.code, 0, waited.err);

  const { metadata, status } = await harness.policy('first');
  const conditions = (status?.conditions ?? []).map((each) => [each.type, each.status, each.reason, each.observedGeneration]);
  assert.deepEqual(conditions, [
    ['Ready', 'True', 'Ready', metadata.generation],
    ['Accepted', 'True', 'Accepted', metadata.generation],
    ['ResolvedRefs', 'True', 'ResolvedRefs', metadata.generation],
    ['Programmed', 'True', 'Programmed', metadata.generation],
  ]);

  const [head, row] = (await harness.kubectl(['get', 'lbp'])).out.trim().split('\n');
  assert.deepEqual(head?.split(/\s+/), ['NAME', 'READY', 'TYPE', 'PORT', 'ENDPOINTS', 'PROXIES', 'AGE']);
  assert.deepEqual(row?.split(/\s+/).slice(0, 6), ['first', 'True', 'RoundRobin', '8100', '3/3', '2/2']);

  const explained = await harness.kubectl(['explain', 'lbp.spec.listener']);
  assert.match(
    explained.out,
    /KIND: +LoadBalancerPolicy[\s\S]*port\s+<Object> -required-\n\s+\(number\) Port on which/,
    explained.err,
  );

  for (const gateway of harness.gateways) {
    const answers = await whoAnswers(gateway.url(8100), 30);
    assert.deepEqual([...answers].sort(), [
      ['a', 10],
      ['b', 10],
      ['c', 10],
    ]);
  }
});

test('an edit takes effect, its generation is observed, and the old port closes', async () => {
  await harness.apply('edited', toWeb(8101));
  await harness.untilProgrammed('edited');
  const patch = '{"spec":{"listener":{"port":8102}}}';
  const patched = await harness.kubectl(['patch', 'lbp', 'edited', '--type=merge', '--patch', patch]);
  assert.equal(patched.code, 0, patched.err);
  await harness.untilProgrammed('edited');
  assert.equal((await harness.policy('edited')).metadata.generation, 2);
  for (const gateway of harness.gateways) {
    assert.equal((await ask(gateway.url(8102))).status, 200);
    await assert.rejects(ask(gateway.url(8101)), { code: 'ECONNREFUSED' });
  }
});

test('a deleted policy gives 404 where another shares its port, else its port closes; no request of the other fails', async () => {
  await harness.apply('stays', toWeb(8103, { matches: [{ path: { value: '/stays' } }] }));
  await harness.apply('goes', toWeb(8103, { matches: [{ path: { value: '/goes' } }] }));
  await harness.apply('goes-too', toWeb(8104));
  await harness.untilProgrammed('stays', 'goes', 'goes-too');
  for (const gateway of harness.gateways) assert.equal((await ask(gateway.url(8103, '/goes'))).status, 200);
  const load = new Load(
    harness.gateways.map((gateway) => gateway.url(8103, '/stays')),
    1,
  );
  const deleted = await harness.kubectl(['delete', 'lbp', 'goes', 'goes-too']);
  assert.equal(deleted.code, 0, deleted.err);
  await harness.onEachGateway('/goes is no longer served', async (gateway) => {
    const { status, headers } = await ask(gateway.url(8103, '/goes'));
    return status === 404 && headers['outrigger-reason'] === 'no-route';
  });
  await harness.onEachGateway('port 8104 is closed', (gateway) =>
    ask(gateway.url(8104)).then(
      () => false,
      (error: NodeJS.ErrnoException) => error.code === 'ECONNREFUSED',
    ),
  );
  const { sent, failed } = await load.stop();
  assert.deepEqual(failed, []);
  assert.ok(sent > 0);
});

test('endpoints come, go and terminate, and no request fails', async () => {
  await harness.publish('changing', a, b);
  await harness.apply('changing', { ...toWeb(8105), backendRefs: [{ name: 'changing', port: 80 }] });
  await harness.untilProgrammed('changing');
  const load = new Load(
    harness.gateways.map((gateway) => gateway.url(8105)),
    1,
  );
  const untilServedBy = (...names: string[]) =>
    harness.onEachGateway(`served by ${names.join()}`, async (gateway) => {
      const seen = await whoAnswers(gateway.url(8105), 12);
      return [...seen.keys()].sort().join() === names.join();
    });
  await untilServedBy('a', 'b');
  await harness.publish('changing', a, b, c);
  await untilServedBy('a', 'b', 'c');
  await harness.publish('changing', a, c);
  await untilServedBy('a', 'c');
  await harness.publish('changing', { backend: a, ready: false, serving: true, terminating: true }, c);
  await untilServedBy('c');
  // Without a ready endpoint, a terminating one that still serves is used.
  await harness.publish('changing', { backend: a, ready: false, serving: true, terminating: true });
  await untilServedBy('a');
  const { failed } = await load.stop();
  assert.deepEqual(failed, []);
  await harness.publish('changing');
  await harness.onEachGateway('no endpoint is left', async (gateway) => {
    const { status, headers } = await ask(gateway.url(8105));
    return status === 503 && headers['outrigger-reason'] === 'no-endpoint';
  });
});

test('metrics of proxies and operator', async () => {
  await harness.apply('counted', toWeb(8106));
  await harness.untilProgrammed('counted');
  const labels = `namespace="${harness.namespace}",policy="counted"`;
  for (const gateway of harness.gateways) {
    await whoAnswers(gateway.url(8106), 6);
    const metrics = await gateway.metrics();
    assert.ok(metrics.includes(`outrigger_requests_total{${labels},code="200"} 6\n`), metrics);
    for (const name of ['a', 'b', 'c']) {
      assert.ok(metrics.includes(`outrigger_attempts_total{${labels},endpoint="${name}:8080",outcome="ok"} 2\n`), metrics);
    }
    assert.match(metrics, /^outrigger_snapshot_info\{epoch="\d{10}",sequence="\d+"\} 1$/m);
  }
  await until('both proxies are counted as current', 10_000, async () =>
    /^outrigger_operator_proxies\{state="current"\} 2$/m.test(await harness.operator.metrics()),
  );
  const metrics = await harness.operator.metrics();
  assert.match(metrics, /^outrigger_operator_leader 1$/m);
  assert.match(metrics, /^outrigger_operator_pushes_total\{result="acked"\} [1-9]/m);
  assert.match(metrics, /^outrigger_operator_propagation_seconds_count [1-9]/m);
});

test('the access log has a line of JSON for each request of a policy that enables it', async () => {
  await harness.apply('logged', toWeb(8107, { accessLog: {} }));
  await harness.untilProgrammed('logged');
  const [gateway] = harness.gateways;
  await ask(gateway.url(8107, '/seen?by=all'), { headers: { host: 'shop.example.com', authorization: 'secret' } });
  await ask(gateway.url(8106, '/unseen'));
  const line = await until('the line is written', 10_000, async () =>
    (await gateway.log()).split('\n').find((text) => text.includes('"access":true')),
  );
  const { level, policy, endpoint, tries, ...rest } = JSON.parse(line) as Record<string, unknown>;
  assert.deepEqual([level, policy, tries], ['info', `${harness.namespace}/logged`, 1]);
  for (const [name, value] of [
    ['http.request.method', 'GET'],
    ['server.address', 'shop.example.com'],
    ['url.path', '/seen'],
    ['url.query', 'by=all'],
    ['http.response.status_code', 200],
  ] as const) {
    assert.equal(rest[name], value, name);
  }
  assert.match(String(endpoint), /^[abc]:8080$/);
  const log = await gateway.log();
  assert.ok(!log.includes('unseen') && !log.includes('secret'));
});
