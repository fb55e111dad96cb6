/** SIGTERM: accepted requests finish, the Lease is released, and the process exits with 0. */
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { until } from '../local-cluster/cluster.ts';
import { ask, Load } from './client.ts';
import { Harness } from './harness.ts';
import { leasePath } from './objects.ts';
import type { Component } from './outrigger.ts';

interface Lease {
  readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
  readonly spec: { readonly holderIdentity?: string | null };
}

let harness: Harness;
before(async () => {
  harness = await Harness.start();
  const backends = await harness.backends('a', 'b');
  for (const backend of backends) {
    backend.respond = (request, response) => {
      setTimeout(() => response.end(backend.name), request.url === '/slow' ? 1000 : 5);
    };
  }
  await harness.publish('web', ...backends);
  await harness.apply('web', { listener: { port: 8500 }, backendRefs: [{ name: 'web', port: 80 }] });
  await harness.untilProgrammed('web');
});
after(() => harness.stop());

const restarts = async (component: Component) => (await component.pod()).status?.containerStatuses?.[0]?.restartCount ?? 0;

/** The process exited with 0, and the next one is Ready. */
async function assertEndedWell(component: Component, before: number): Promise<void> {
  const pod = await component.untilRestarted(before);
  assert.equal(pod.status?.containerStatuses?.[0]?.lastState?.terminated?.exitCode, 0);
}

test('a gateway under load: /readyz fails at once, no accepted request fails, kept-alive connections are closed by the response', async () => {
  const [gateway, survivor] = harness.gateways;
  const before = await restarts(gateway);
  // Kept-alive clients, which continue until the listener closes; and long requests.
  const load = new Load([gateway.url(8500)], 4);
  const elsewhere = new Load([survivor.url(8500)], 1);
  const slow = Array.from({ length: 10 }, () => ask(gateway.url(8500, '/slow')));
  await until('the load runs', 10_000, () => load.sent > 40);

  gateway.kill('SIGTERM');
  // New connections are accepted until load balancers have seen the failed readiness.
  const late: Promise<{ status: number }>[] = [];
  const readiness = await until('/readyz fails', 5_000, async () => {
    late.push(ask(gateway.url(8500)));
    const { status, body } = await ask(`${gateway.observe}/readyz`);
    return status === 503 && body;
  });
  assert.equal(readiness, 'shutting down\n');

  for (const { status } of await Promise.all([...slow, ...late])) assert.equal(status, 200);
  await until('the listener is closed', 10_000, () => load.failed.length > 0);
  await assertEndedWell(gateway, before);
  const { sent, failed } = await load.stop();
  // Refused connections were never accepted.
  assert.deepEqual(
    failed.filter((problem) => !problem.endsWith(': ECONNREFUSED')),
    [],
  );
  assert.ok(sent > 40);
  assert.deepEqual((await elsewhere.stop()).failed, []);

  // From its last good snapshot, then from the operator.
  await harness.onEachGateway('it serves again', async (each) => (await ask(each.url(8500))).status === 200);
  await harness.untilProgrammed('web');
});

test('the operator: the Lease is released, traffic continues, and its successor has a higher epoch', async () => {
  const { operator, systemNamespace, api } = harness;
  const lease = () => api.get<Lease>(leasePath(systemNamespace));
  const held = await lease();
  assert.match(held.spec.holderIdentity ?? '', /^operator_/);
  const before = await restarts(operator);
  const load = new Load(harness.gateways.map((gateway) => gateway.url(8500)));
  operator.kill('SIGTERM');
  await until('the Lease has no holder', 10_000, async () => !(await lease()).spec.holderIdentity);
  await assertEndedWell(operator, before);
  const next = await lease();
  const epoch = ({ metadata }: Lease) => Number(metadata.annotations['outrigger.dev/epoch']);
  assert.ok(epoch(next) > epoch(held), `${epoch(held)}, then ${epoch(next)}`);
  assert.notEqual(next.spec.holderIdentity, held.spec.holderIdentity);

  await harness.apply('later', { listener: { port: 8501 }, backendRefs: [{ name: 'web', port: 80 }] });
  await harness.untilProgrammed('later');
  for (const gateway of harness.gateways) assert.equal((await ask(gateway.url(8501))).status, 200);
  const { sent, failed } = await load.stop();
  assert.deepEqual(failed, []);
  assert.ok(sent > 0);
});
