/** Two gateways in two zones, and endpoints in both: which zone answers while a zone is healthy, partly unhealthy and empty. */
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import type { Backend } from './backend.ts';
import { Load, whoAnswers } from './client.ts';
import { Harness } from './harness.ts';
import type { Component } from './outrigger.ts';

const ZONES = ['zone-a', 'zone-b'] as const;
const [ZONE_A, ZONE_B] = ZONES;
const PORT = 8800;

let harness: Harness;
let inA: Backend[], inB: Backend[];
const endpoints = (a = inA) => [
  ...a.map((backend) => ({ backend, zone: ZONE_A })),
  ...inB.map((backend) => ({ backend, zone: ZONE_B })),
];
before(async () => {
  harness = await Harness.start(ZONES);
  inA = await harness.backends('a1', 'a2', 'a3', 'a4');
  inB = await harness.backends('b1', 'b2');
  await harness.publish('web', ...endpoints());
  await harness.apply('local', {
    listener: { port: PORT },
    backendRefs: [{ name: 'web', port: 80 }],
    loadBalancer: { type: 'RoundRobin', zoneAware: { preferLocal: {} } },
    healthCheck: {
      active: { type: 'HTTP', path: '/', interval: '100ms', timeout: '100ms', unhealthyThreshold: 1, healthyThreshold: 1 },
    },
  });
  await harness.untilProgrammed('local');
});
after(() => harness.stop());

/** How many of 70 requests each zone answered. */
async function byZone(gateway: Component): Promise<[a: number, b: number]> {
  const answers = await whoAnswers(gateway.url(PORT), 70);
  const sum = (of: Backend[]) => of.reduce((total, { name }) => total + (answers.get(name) ?? 0), 0);
  return [sum(inA), sum(inB)];
}

/** Shares are exact within 2, since requests of other clients come in between; a share of 0 is exactly 0. */
function untilShared(what: string, gateway: Component, wanted: readonly [number, number]): Promise<void> {
  const near = (share: number, i: number) => Math.abs(share - (wanted[i] as number)) <= (wanted[i] === 0 ? 0 : 2);
  return harness.onEachGateway(what, async (each) => each !== gateway || (await byZone(each)).every(near));
}

/** Make them answer probes and requests with their names (heal) or with 503 (fall). */
function heal(...backends: Backend[]): void {
  for (const backend of backends) backend.respond = (_request, response) => response.end(backend.name);
}
function fall(...backends: Backend[]): void {
  for (const backend of backends) backend.respond = (_request, response) => response.writeHead(503).end();
}

test('each gateway prefers its zone, and reports it', async () => {
  const [a, b] = harness.gateways;
  await untilShared('all in zone a', a, [70, 0]);
  await untilShared('all in zone b', b, [0, 70]);
  for (const [gateway, zone] of [
    [a, ZONE_A],
    [b, ZONE_B],
  ] as const) {
    const metrics = await gateway.metrics();
    assert.match(metrics, new RegExp(`^outrigger_zone_info\\{zone="${zone}"\\} 1$`, 'm'));
    assert.match(metrics, /^outrigger_zone_attempts_total\{.*policy="local",locality="local"\} [1-9]/m);
  }
});

test('a gateway that restarts without the operator is still in its zone', async () => {
  const [gateway] = harness.gateways;
  const before = (await gateway.pod()).status?.containerStatuses?.[0]?.restartCount ?? 0;
  harness.operator.kill('SIGSTOP');
  try {
    gateway.kill('SIGKILL');
    await gateway.untilRestarted(before);
    await untilShared('all in zone a again', gateway, [70, 0]);
  } finally {
    harness.operator.kill('SIGCONT');
  }
});

test('with half of a zone unhealthy, five of seven requests stay; with none left, no request fails', async () => {
  const [a, b] = harness.gateways;
  const load = new Load(harness.gateways.map((gateway) => gateway.url(PORT)));
  fall(...inA.slice(0, 2));
  await untilShared('two sevenths leave zone a', a, [50, 20]);
  assert.deepEqual(await byZone(b), [0, 70]);

  fall(...inA);
  await untilShared('all leave zone a', a, [0, 70]);
  heal(...inA);
  await untilShared('all are back in zone a', a, [70, 0]);

  await harness.publish('web', ...endpoints([]));
  await untilShared('zone a has no endpoints', a, [0, 70]);
  await harness.publish('web', ...endpoints());
  await untilShared('zone a has endpoints again', a, [70, 0]);
  const { sent, failed } = await load.stop();
  assert.deepEqual(failed, []);
  assert.ok(sent > 100, `${sent} requests`);
});
