import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { until } from '../kube/test-server.ts';
import { createLeader, type LeaderTiming } from './leader.ts';
import { epochOf, LEASE_NAME, type Lease } from './lease.ts';
import { leaseServer } from './testing.ts';

const TIMING: LeaderTiming = {
  ...{ duration: 150, renewEvery: 20, renewWithin: 100, retry: 10, jitter: 5, releaseWithin: 200 },
};
const START = Date.parse('2026-11-22T00:00:00Z');
const EPOCH = START / 1000;

type Server = ReturnType<typeof leaseServer>;

function candidate(context: TestContext, server: Server, identity = 'one', timing = TIMING, clock?: { now: number }) {
  const epochs: (number | undefined)[] = [];
  const errors: string[] = [];
  const holders: string[] = [];
  let prepared = 0;
  const began = performance.now();
  const leader = createLeader({
    client: server.client,
    watch: server.watch,
    candidate: { namespace: 'outrigger-system', identity, pod: `${identity.split('_')[0]}_` },
    prepare: async () => void (prepared += 1),
    leadershipChanged: (epoch) => epochs.push(epoch),
    standby: (holder) => holders.push(holder),
    failed: (error) => errors.push(error.message),
    // A test takes less than a second, so that epochs count from EPOCH.
    now: () => clock?.now ?? START + Math.min(999, performance.now() - began),
    random: Math.random,
    timing,
  });
  const controller = new AbortController();
  const running = leader.run(controller.signal);
  const stop = async (): Promise<void> => {
    controller.abort();
    await running;
  };
  context.after(stop);
  return { leader, epochs, errors, holders, stop, prepared: () => prepared };
}

/** A Lease that another candidate holds, as written just now. */
const held = (holder: string, renewTime = '2026-11-22T00:00:00.000000Z', epoch = EPOCH): Lease => ({
  metadata: { name: LEASE_NAME, annotations: { 'outrigger.dev/epoch': String(epoch) } },
  spec: { holderIdentity: holder, leaseDurationSeconds: 15, renewTime, leaseTransitions: 3 },
});

test('creates the Lease, leads under its epoch, renews it, and gives it back', async (context) => {
  const server = leaseServer();
  const { leader, epochs, errors, stop, prepared } = candidate(context, server);
  await until(() => server.state.writes >= 4, 'renewals');
  assert.equal(prepared(), 1);
  assert.deepEqual(epochs, [EPOCH]);
  assert.equal(leader.leading, true);
  assert.equal(server.state.lease?.spec?.holderIdentity, 'one');
  await stop();
  assert.equal(leader.leading, false);
  assert.deepEqual(epochs, [EPOCH, undefined]);
  assert.equal(server.state.lease?.spec?.holderIdentity, '');
  assert.equal(epochOf(server.state.lease), EPOCH);
  assert.deepEqual(errors, []);
});

test('a released Lease is acquired at once, under a higher epoch', async (context) => {
  const server = leaseServer();
  const slow = { ...TIMING, duration: 60_000 };
  const first = candidate(context, server, 'one', slow);
  await until(() => first.leader.leading, 'the first');
  const second = candidate(context, server, 'two', slow);
  await until(() => second.holders.length === 1, 'the second to stand by');
  assert.deepEqual([second.holders, second.leader.problem, second.leader.leading], [['one'], undefined, false]);
  await first.stop();
  await until(() => second.leader.leading, 'the second');
  assert.deepEqual(second.epochs, [EPOCH + 1]);
  assert.equal(server.state.lease?.spec?.leaseTransitions, 1);
});

test('a holder that does not renew keeps the Lease for the whole duration, whatever its clock says, and not for longer', async (context) => {
  const server = leaseServer();
  server.store(held('other', '2020-01-01T00:00:00.000000Z'));
  const { leader, epochs, holders } = candidate(context, server);
  const renewals = ['2031-01-01T00:00:00.000000Z', '2021-01-01T00:00:00.000000Z'];
  for (const renewTime of renewals) {
    await new Promise((resolve) => setTimeout(resolve, TIMING.duration * 0.6));
    server.store({ ...(server.state.lease as Lease), spec: held('other', renewTime).spec as object });
    assert.deepEqual(epochs, []);
  }
  const renewed = performance.now();
  await until(() => leader.leading, 'the term');
  const took = performance.now() - renewed;
  assert.ok(took >= TIMING.duration - 5 && took < TIMING.duration + 100, `${took} ms`);
  assert.deepEqual([epochs, holders], [[EPOCH + 1], ['other']]);
});

test('a changed annotation is not a renewal', async (context) => {
  const server = leaseServer();
  server.store(held('other'));
  const { leader } = candidate(context, server);
  const annotate = setInterval(() => {
    if (!leader.leading) server.store({ ...(server.state.lease as Lease) });
  }, 20);
  context.after(() => clearInterval(annotate));
  await until(() => leader.leading, 'the term', 1000);
});

test('with a watch that is broken undetected, a standby takes no Lease from a holder that renews it', async (context) => {
  const server = leaseServer();
  const first = candidate(context, server);
  await until(() => first.leader.leading, 'the first');
  server.state.dropEvents = true;
  const second = candidate(context, server, 'two');
  const { writes } = server.state;
  await until(() => server.state.writes > writes + 20, 'more renewals than the duration has');
  assert.deepEqual([first.epochs, second.epochs, second.leader.problem], [[EPOCH], [], undefined]);
});

test('a Lease held by an earlier process of the same pod is free, and the new epoch fences that process', async (context) => {
  const server = leaseServer();
  server.store(held('one_before'));
  const { leader, epochs, holders } = candidate(context, server, 'one_after', { ...TIMING, duration: 60_000 });
  await until(() => leader.leading, 'the term');
  assert.deepEqual([epochs, holders], [[EPOCH + 1], []]);
});

test('of many candidates one leads at a time, until all have led', async (context) => {
  const server = leaseServer();
  const all = ['a', 'b', 'c', 'd'].map((identity) => candidate(context, server, identity));
  const leading = (): typeof all => all.filter(({ leader }) => leader.leading);
  for (const _ of all) {
    await until(() => leading().length > 0, 'a leader');
    assert.equal(leading().length, 1);
    await leading()[0]?.stop();
  }
  assert.ok(all.every(({ epochs }) => epochs.length === 2));
});

test('two competing candidates never lead under the same epoch, and each leads under rising epochs', async (context) => {
  const server = leaseServer();
  const all = ['a', 'b'].map((identity) => candidate(context, server, identity));
  const rounds = 30;
  for (let round = 0; round < rounds; round += 1) {
    await until(() => all.some(({ leader }) => leader.leading), 'a leader');
    const { lease } = server.state;
    if (round % 3 === 0) server.remove();
    else if (lease !== undefined && round % 3 === 1) server.store({ ...lease, spec: { ...lease.spec, holderIdentity: '' } });
    else if (lease !== undefined) {
      const epoch = String(epochOf(lease) + 5);
      server.store({ ...lease, metadata: { ...lease.metadata, annotations: { 'outrigger.dev/epoch': epoch } } });
    }
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
  await Promise.all(all.map(({ stop }) => stop()));
  const epochs = all.map((one) => one.epochs.filter((epoch) => epoch !== undefined));
  assert.equal(new Set(epochs.flat()).size, epochs.flat().length, epochs.join(' / '));
  for (const one of epochs)
    assert.deepEqual(
      one,
      one.toSorted((x, y) => x - y),
    );
  assert.ok(epochs.flat().length >= rounds / 3);
});

test('a renewal that loses the race ends the term at once; the next epoch is above the one on the Lease', async (context) => {
  const server = leaseServer();
  const { epochs } = candidate(context, server);
  await until(() => epochs.length === 1, 'the first term');
  const lease = server.state.lease as Lease;
  const annotations = { 'outrigger.dev/epoch': String(EPOCH + 50) };
  server.store({ ...lease, metadata: { ...lease.metadata, annotations } });
  await until(() => epochs.length >= 3, 'the second term');
  assert.deepEqual(epochs.slice(0, 3), [EPOCH, undefined, EPOCH + 51]);
});

test('deleting the Lease ends the term at once; it is created again without reusing an epoch', async (context) => {
  const server = leaseServer();
  const { leader, epochs } = candidate(context, server, 'one', { ...TIMING, renewEvery: 60_000, renewWithin: 120_000 });
  await until(() => epochs.length === 1, 'the first term');
  server.remove();
  await until(() => epochs.length >= 3, 'the second term');
  assert.deepEqual(epochs, [EPOCH, undefined, EPOCH + 1]);
  assert.equal(server.state.lease?.metadata.name, LEASE_NAME);
  assert.equal(leader.leading, true);
});

test('a standby that acquires after the Lease was deleted remembers its epoch', async (context) => {
  const server = leaseServer();
  server.store(held('other', undefined, EPOCH + 70));
  const { leader, epochs, holders } = candidate(context, server, 'one', { ...TIMING, duration: 60_000 });
  await until(() => holders.length === 1, 'the other holder to be observed');
  server.remove();
  await until(() => leader.leading, 'the term');
  assert.deepEqual(epochs, [EPOCH + 71]);
});

test('an acquisition by another candidate ends the term before the next renewal', async (context) => {
  const server = leaseServer();
  const { leader, epochs } = candidate(context, server, 'one', { ...TIMING, renewEvery: 60_000, renewWithin: 120_000 });
  await until(() => leader.leading, 'the first term');
  server.store({
    ...(server.state.lease as Lease),
    ...{ spec: held('other').spec as object },
    metadata: held('other', '', EPOCH + 1).metadata,
  });
  await until(() => !leader.leading, 'the end');
  assert.deepEqual(epochs, [EPOCH, undefined]);
});

for (const which of ['monotonic', 'wall'] as const) {
  test(`a process that was suspended (by the ${which} clock) no longer leads, even before any timer fires`, async (context) => {
    const server = leaseServer();
    const clock = { now: START };
    const { leader, epochs } = candidate(context, server, 'one', { ...TIMING, retry: 1000 }, clock);
    await until(() => leader.leading, 'the term');
    server.state.down = true;
    if (which === 'wall') clock.now += TIMING.renewWithin + 1;
    else for (const end = performance.now() + TIMING.renewWithin + 1; performance.now() < end;);
    assert.equal(leader.leading, false);
    await until(() => epochs.length === 2, 'the end of the term');
  });
}

for (const how of ['down', 'silent'] as const) {
  test(`with the API server ${how}, the term ends within the limit, and the next one has a new epoch`, async (context) => {
    const server = leaseServer();
    const { leader, epochs } = candidate(context, server);
    await until(() => server.state.writes >= 3, 'renewals');
    const begin = performance.now();
    server.state[how] = true;
    await until(() => !leader.leading, 'the end of the term');
    const took = performance.now() - begin;
    await until(() => epochs.length === 2, 'the callback');
    assert.ok(took > TIMING.renewWithin - TIMING.renewEvery - 20 && took < TIMING.renewWithin + 100, `${took} ms`);
    assert.deepEqual(epochs, [EPOCH, undefined]);
    if (how === 'down') await until(() => leader.problem !== undefined, 'the problem');
    server.state[how] = false;
    if (how === 'silent') return;
    assert.match(leader.problem ?? '', /connection refused/);
    await until(() => leader.leading, 'the second term');
    assert.deepEqual([epochs, leader.problem], [[EPOCH, undefined, EPOCH + 1], undefined]);
  });
}

test('a failed renewal within the limit changes nothing', async (context) => {
  const server = leaseServer();
  const { epochs, errors } = candidate(context, server, 'one', { ...TIMING, renewWithin: 5000 });
  await until(() => epochs.length === 1, 'the first term');
  server.state.down = true;
  await until(() => errors.length >= 2, 'failures');
  server.state.down = false;
  const { writes } = server.state;
  await until(() => server.state.writes > writes, 'a renewal');
  assert.deepEqual(epochs, [EPOCH]);
});

test('a fence leads to a term with an epoch above it; a fence below the present epoch is ignored', async (context) => {
  const server = leaseServer();
  const { leader, epochs } = candidate(context, server);
  await until(() => epochs.length === 1, 'the first term');
  leader.acquireAbove(EPOCH - 1);
  assert.equal(leader.leading, true);
  leader.acquireAbove(EPOCH + 9);
  assert.equal(leader.leading, false, 'stops at once');
  await until(() => epochs.length >= 3, 'the second term');
  assert.deepEqual(epochs, [EPOCH, undefined, EPOCH + 10]);
  leader.acquireAbove(EPOCH + 10);
  await until(() => epochs.length >= 5, 'the third term');
  assert.deepEqual(epochs.slice(3), [undefined, EPOCH + 11]);
});

test('stops at once while it cannot acquire, and does not touch the Lease of another holder', async (context) => {
  const server = leaseServer();
  server.state.down = true;
  const { epochs, errors, stop } = candidate(context, server, 'one', { ...TIMING, retry: 60_000 });
  await until(() => errors.length > 0, 'a failure');
  server.state.down = false;
  server.store({ metadata: { name: LEASE_NAME }, spec: { holderIdentity: 'other' } });
  const begin = performance.now();
  await stop();
  assert.ok(performance.now() - begin < 200);
  assert.deepEqual(epochs, []);
  assert.equal(server.state.lease?.spec?.holderIdentity, 'other');
});

test('releasing the Lease is given up when the API server does not answer', async (context) => {
  const server = leaseServer();
  const { leader, stop, errors } = candidate(context, server);
  await until(() => leader.leading, 'the term');
  server.state.silent = true;
  const begin = performance.now();
  await stop();
  assert.ok(performance.now() - begin < TIMING.releaseWithin + 300);
  assert.equal(errors.length, 1);
});
