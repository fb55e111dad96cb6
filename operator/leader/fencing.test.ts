/** Two operators (leaders and fleets) with one Lease and real control servers: older pushes are refused, whichever of them believes to lead. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { until } from '../kube/test-server.ts';
import { createLeader, type Leader } from './leader.ts';
import { epochOf } from './lease.ts';
import { leaseServer } from './testing.ts';
import { endpoint, poolPart } from '../../proxy/snapshot/testing.ts';
import type { KeyDistribution, Fleet } from '../push/fleet-types.ts';
import { content, Rig, target, translation, type TestProxy } from '../push/testing.ts';

const TIMING = { duration: 150, renewEvery: 20, renewWithin: 100, retry: 10, jitter: 5, releaseWithin: 200 };
const contentOf = (n: number) => content([poolPart([endpoint(n)])], n);

interface Operator {
  readonly leader: Leader;
  readonly fleet: Fleet & KeyDistribution;
  readonly stop: () => Promise<void>;
}

/** @param blind never checks whether it still leads: as if it had been stopped right after the check */
function operator(t: TestContext, rig: Rig, server: ReturnType<typeof leaseServer>, identity: string, blind = false): Operator {
  const leader: Leader = createLeader({
    ...{ client: server.client, watch: server.watch, candidate: { namespace: 'outrigger-system', identity } },
    ...{ standby: () => undefined, failed: () => undefined, prepare: async () => undefined },
    leadershipChanged: (epoch) => (blind && epoch === undefined ? undefined : fleet.setEpoch(epoch)),
    ...{ now: Date.now, random: Math.random, timing: TIMING },
  });
  const believedLeader = {
    get leading() {
      return blind || leader.leading;
    },
    acquireAbove: (epoch: number) => (blind ? undefined : leader.acquireAbove(epoch)),
  };
  const fleet = rig.fleet({}, undefined, believedLeader);
  const controller = new AbortController();
  const running = leader.run(controller.signal);
  const stop = async (): Promise<void> => {
    controller.abort();
    await running;
  };
  t.after(stop);
  return { leader, fleet, stop };
}

const generations = (proxy: TestProxy): (number | undefined)[] =>
  proxy.dataPlane.applied.map(({ pools }) => Number(pools[0]?.part.endpoints[0]?.address.split('.').at(-1)));

function assertRose({ dataPlane }: TestProxy): void {
  const versions = dataPlane.applied.map(({ version }) => version.epoch * 1e5 + version.sequence);
  assert.deepEqual(
    versions,
    versions.toSorted((a, b) => a - b),
  );
}

test('a leader that keeps pushing after a takeover is refused, and no proxy ever applies an older snapshot', async (t) => {
  const rig = new Rig(t);
  const server = leaseServer();
  const proxies = [await rig.proxy('one'), await rig.proxy('two')];
  const targets = proxies.map(({ uid, address }) => target(uid, address));
  const former = operator(t, rig, server, 'former', true);
  former.fleet.setDesired(translation(targets, contentOf(1)), performance.now());
  await until(() => proxies.every((proxy) => proxy.dataPlane.applied.length === 1), 'the first push of the former leader');
  await former.stop();
  const successor = operator(t, rig, server, 'successor');
  successor.fleet.setDesired(translation(targets, contentOf(2)), performance.now());
  await until(() => proxies.every((proxy) => generations(proxy).at(-1) === 2), 'the push of the successor');

  former.fleet.setDesired(translation(targets, contentOf(3)), performance.now());
  await until(() => rig.results.filter((result) => result === 'stale').length >= 6, 'refusals');
  for (const proxy of proxies) {
    assert.deepEqual(generations(proxy), [1, 2]);
    assertRose(proxy);
  }
  assert.equal(successor.leader.leading, true, 'the successor keeps leading');
});

test('two competing leaders push only newer versions, and every proxy ends up with the newest state', async (t) => {
  const rig = new Rig(t);
  const server = leaseServer();
  const proxies = [await rig.proxy('one'), await rig.proxy('two')];
  const targets = proxies.map(({ uid, address }) => target(uid, address));
  const both = ['a', 'b'].map((identity) => operator(t, rig, server, identity));
  const rounds = 40;
  for (let n = 1; n <= rounds; n += 1) {
    for (const { fleet } of both) fleet.setDesired(translation(targets, contentOf(n)), performance.now());
    const { lease } = server.state;
    if (n % 3 === 0) server.remove();
    else if (lease !== undefined) {
      const epoch = String(epochOf(lease) + (n % 2));
      const metadata = { ...lease.metadata, annotations: { 'outrigger.dev/epoch': epoch } };
      server.store({ ...lease, metadata, spec: { ...lease.spec, holderIdentity: '' } });
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await until(() => proxies.every((proxy) => generations(proxy).at(-1) === rounds), 'the newest');
  for (const proxy of proxies) {
    assertRose(proxy);
    const seen = generations(proxy);
    assert.deepEqual(
      seen,
      seen.toSorted((x = 0, y = 0) => x - y),
    );
  }
  const epochs = new Set(proxies[0]?.dataPlane.applied.map(({ version }) => version.epoch));
  assert.ok(epochs.size > 5, `${epochs.size} terms`);
});
