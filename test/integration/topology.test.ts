/** A Service's trafficDistribution, from the slice controller's hints to where requests go, on gateways in two zones and on two Nodes. */
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { until } from '../local-cluster/cluster.ts';
import { backendPod, backendService } from '../local-cluster/manifests.ts';
import { Load, whoAnswers } from './client.ts';
import { Harness } from './harness.ts';
import { podPath, servicePath } from './objects.ts';
import { placePod } from './outrigger.ts';

const PORT = 8850;
const SERVICE = 'near';

let harness: Harness;
before(async () => {
  // The gateways are on the first two Nodes, and a Pod is on each.
  harness = await Harness.start(['zone-a', 'zone-b', 'zone-a']);
  const { platform, api, namespace, nodes } = harness;
  const pods = ['on-1', 'on-2', 'on-3'].map((name) => backendPod(name, namespace, SERVICE));
  await Promise.all(pods.map((pod, i) => placePod(platform, namespace, pod, nodes[i])));
  await api.create(servicePath(namespace), backendService(SERVICE, namespace));
  await harness.apply(SERVICE, {
    listener: { port: PORT },
    backendRefs: [{ name: SERVICE, port: 80 }],
    loadBalancer: { type: 'RoundRobin' },
  });
  await harness.untilProgrammed(SERVICE);
});
after(() => harness.stop());

function distribute(trafficDistribution: string): Promise<unknown> {
  return harness.api.patch(servicePath(harness.namespace, SERVICE), { spec: { trafficDistribution } });
}

/** Waits until exactly these Pods answer the first gateway, and those the second; any status but 200 counts as not yet. */
function untilAnsweredBy(what: string, ...wanted: readonly [first: string, second: string]): Promise<void> {
  return harness.onEachGateway(what, async (gateway) => {
    const answers = await whoAnswers(gateway.url(PORT), 12);
    const pods = [...answers.keys()].map((body) => body.replace('hello from ', '').trim());
    return pods.sort().join(' ') === wanted[gateway === harness.gateways[0] ? 0 : 1];
  });
}

test('requests stay where the Service asks: anywhere, in the zone, on the Node', async () => {
  await untilAnsweredBy('without trafficDistribution', 'on-1 on-2 on-3', 'on-1 on-2 on-3');
  await distribute('PreferSameZone');
  await untilAnsweredBy('in the zone', 'on-1 on-3', 'on-2');
  await distribute('PreferSameNode');
  await untilAnsweredBy('on the Node', 'on-1', 'on-2');
  for (const gateway of harness.gateways)
    assert.match(await gateway.metrics(), /^outrigger_zone_attempts_total\{.*policy="near",locality="local"\} [1-9]/m);
});

test('when the Pod of a Node goes away, its zone takes over, then all others; no request fails', async (t) => {
  const { api, namespace, gateways } = harness;
  const load = new Load(gateways.map((gateway) => gateway.url(PORT)));
  t.after(() => load.stop());
  await api.delete(podPath(namespace, 'on-1'));
  await untilAnsweredBy('the zone takes over', 'on-3', 'on-2');
  await api.delete(podPath(namespace, 'on-2'));
  await untilAnsweredBy('the other zone takes over', 'on-3', 'on-3');
  await placePod(harness.platform, namespace, backendPod('on-1-again', namespace, SERVICE), harness.nodes[0]);
  await untilAnsweredBy('the Node has a Pod again', 'on-1-again', 'on-1-again on-3');
  for (const name of ['on-1', 'on-2'])
    await until(`${name} has ended`, 30_000, async () => (await api.find(podPath(namespace, name))) === undefined);
  const { sent } = load;
  await until('requests were sent after that', 30_000, () => load.sent > sent + 20);
  assert.deepEqual((await load.stop()).failed, []);
});
