/** A Service's trafficDistribution, from the hints of its slices to where requests go, on gateways in two zones and on two Nodes. */
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { until } from '../local-cluster/cluster.ts';
import type { Backend } from './backend.ts';
import { Load, whoAnswers } from './client.ts';
import { Harness } from './harness.ts';

const PORT = 8850;
const SERVICE = 'near';
const ZONES = ['zone-a', 'zone-b', 'zone-a'] as const;

type Distribution = 'none' | 'PreferSameZone' | 'PreferSameNode';
/** An endpoint, and the index of the Node that it is on. */
type Placed = readonly [backend: Backend, at: number];

let harness: Harness;
let on1: Placed, on2: Placed, on3: Placed;
before(async () => {
  // The gateways are on the first two Nodes, and an endpoint is on each.
  harness = await Harness.start(ZONES);
  const [a, b, c] = await harness.backends('on-1', 'on-2', 'on-3');
  [on1, on2, on3] = [
    [a, 0],
    [b, 1],
    [c, 2],
  ];
  await publish('none', on1, on2, on3);
  await harness.apply(SERVICE, {
    listener: { port: PORT },
    backendRefs: [{ name: SERVICE, port: 80 }],
    loadBalancer: { type: 'RoundRobin' },
  });
  await harness.untilProgrammed(SERVICE);
});
after(() => harness.stop());

/** With the hints that the slice controller writes. */
async function publish(distribution: Distribution, ...endpoints: readonly Placed[]): Promise<void> {
  const published = endpoints.map(([backend, at]) => {
    const [zone, nodeName] = [ZONES[at] ?? '', harness.nodes[at] ?? ''];
    const forNodes = distribution === 'PreferSameNode' && { forNodes: [{ name: nodeName }] };
    const hints = distribution !== 'none' && { hints: { forZones: [{ name: zone }], ...forNodes } };
    return { backend, zone, nodeName, ...hints };
  });
  await harness.publish(SERVICE, ...published);
}

/** Waits until exactly these endpoints answer the first gateway, and those the second; any status but 200 counts as not yet. */
function untilAnsweredBy(what: string, ...wanted: readonly [first: string, second: string]): Promise<void> {
  return harness.onEachGateway(what, async (gateway) => {
    const answers = await whoAnswers(gateway.url(PORT), 12);
    return [...answers.keys()].sort().join(' ') === wanted[gateway === harness.gateways[0] ? 0 : 1];
  });
}

test('requests stay where the Service asks: anywhere, in the zone, on the Node', async () => {
  await untilAnsweredBy('without trafficDistribution', 'on-1 on-2 on-3', 'on-1 on-2 on-3');
  await publish('PreferSameZone', on1, on2, on3);
  await untilAnsweredBy('in the zone', 'on-1 on-3', 'on-2');
  await publish('PreferSameNode', on1, on2, on3);
  await untilAnsweredBy('on the Node', 'on-1', 'on-2');
  for (const gateway of harness.gateways)
    assert.match(await gateway.metrics(), /^outrigger_zone_attempts_total\{.*policy="near",locality="local"\} [1-9]/m);
});

test('when the endpoint of a Node goes away, its zone takes over, then all others; no request fails', async (t) => {
  const load = new Load(harness.gateways.map((gateway) => gateway.url(PORT)));
  t.after(() => load.stop());
  await publish('PreferSameNode', on2, on3);
  await untilAnsweredBy('the zone takes over', 'on-3', 'on-2');
  await publish('PreferSameNode', on3);
  await untilAnsweredBy('the other zone takes over', 'on-3', 'on-3');
  const [again] = await harness.backends('on-1-again');
  await publish('PreferSameNode', on3, [again, 0]);
  await untilAnsweredBy('the Node has an endpoint again', 'on-1-again', 'on-1-again on-3');
  for (const [backend] of [on1, on2]) await backend.stop();
  const { sent } = load;
  await until('requests were sent after that', 30_000, () => load.sent > sent + 20);
  assert.deepEqual((await load.stop()).failed, []);
});
