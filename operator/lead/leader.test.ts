import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Call, KubeClient } from '../kube/client.ts';
import { ApiError } from '../kube/error.ts';
import { until } from '../kube/test-server.ts';
import { createLeader, type LeaderTiming } from './leader.ts';
import { epochOf, LEASE_NAME, type Lease } from './lease.ts';

const TIMING: LeaderTiming = { renewEvery: 20, renewWithin: 150, retry: 10, releaseWithin: 200 };
const START = Date.parse('2026-11-22T00:00:00Z');
const EPOCH = START / 1000;

/** The Lease of an API server: creates, and replaces under a precondition. */
function leaseServer() {
  const state = {
    lease: undefined as Lease | undefined,
    version: 0,
    down: false,
    silent: false,
    writes: 0,
    beforeWrite: () => {},
  };
  const store = (lease: Lease): Lease => {
    state.version += 1;
    state.writes += 1;
    return (state.lease = { ...lease, metadata: { ...lease.metadata, resourceVersion: String(state.version) } });
  };
  const call = async ({ method = 'GET', body, signal }: Call): Promise<unknown> => {
    await new Promise((resolve) => setImmediate(resolve));
    if (state.silent) await new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new Error('aborted'))));
    if (state.down) throw new Error('connection refused');
    if (method !== 'GET') state.beforeWrite();
    if (method === 'POST' && state.lease !== undefined) throw new ApiError(409, 'AlreadyExists', 'exists');
    if (method === 'POST') return store(body as Lease);
    if (state.lease === undefined) throw new ApiError(404, 'NotFound', 'no lease');
    if (method === 'GET') return state.lease;
    const stale = (body as Lease).metadata.resourceVersion !== state.lease.metadata.resourceVersion;
    if (stale) throw new ApiError(409, 'Conflict', 'modified');
    return store(body as Lease);
  };
  return { state, store, client: { call: call as KubeClient['call'] } };
}

type Server = ReturnType<typeof leaseServer>;

function candidate(context: TestContext, server: Server, identity = 'one', timing = TIMING) {
  const epochs: (number | undefined)[] = [];
  const errors: string[] = [];
  const leader = createLeader({
    client: server.client,
    candidate: { namespace: 'outrigger-system', identity },
    lead: (epoch) => epochs.push(epoch),
    failed: (error) => errors.push(error.message),
    now: () => START,
    timing,
  });
  const controller = new AbortController();
  const running = leader.run(controller.signal);
  const stop = async (): Promise<void> => {
    controller.abort();
    await running;
  };
  context.after(stop);
  return { leader, epochs, errors, stop };
}

test('creates the Lease, leads under its epoch, renews it, and gives it back', async (context) => {
  const server = leaseServer();
  const { leader, epochs, errors, stop } = candidate(context, server);
  await until(() => server.state.writes >= 4, 'renewals');
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

test('takes over without contest, under a higher epoch', async (context) => {
  const server = leaseServer();
  const first = candidate(context, server);
  await until(() => first.leader.leading, 'the first');
  await first.stop();
  server.store({ ...(server.state.lease as Lease), spec: { holderIdentity: 'somebody else', leaseDurationSeconds: 3600 } });
  const second = candidate(context, server, 'two');
  await until(() => second.leader.leading, 'the second');
  assert.deepEqual(second.epochs, [EPOCH + 1]);
});

test('two that acquire at the same time never lead under one epoch', async (context) => {
  const server = leaseServer();
  const all = ['a', 'b', 'c'].map((identity) => candidate(context, server, identity));
  await until(() => all.every(({ epochs }) => epochs.some((epoch) => epoch !== undefined)), 'each to have led');
  await Promise.all(all.map(({ stop }) => stop()));
  const epochs = all.flatMap((one) => one.epochs.filter((epoch) => epoch !== undefined));
  assert.equal(new Set(epochs).size, epochs.length, `${epochs.join(' ')}`);
});

test('a renewal that loses the race ends the term at once; the next one is above what is there', async (context) => {
  const server = leaseServer();
  const { epochs } = candidate(context, server);
  await until(() => epochs.length === 1, 'the first term');
  const lease = server.state.lease as Lease;
  const annotations = { 'outrigger.dev/epoch': String(EPOCH + 50) };
  server.store({ ...lease, metadata: { ...lease.metadata, annotations } });
  await until(() => epochs.length >= 3, 'the second term');
  assert.deepEqual(epochs.slice(0, 3), [EPOCH, undefined, EPOCH + 51]);
});

test('a Lease deleted under its leader ends the term, and is made anew without using an epoch again', async (context) => {
  const server = leaseServer();
  const { epochs } = candidate(context, server);
  await until(() => epochs.length === 1, 'the first term');
  server.state.lease = undefined;
  await until(() => epochs.length >= 3, 'the second term');
  assert.deepEqual(epochs, [EPOCH, undefined, EPOCH + 1]);
  assert.equal((server.state.lease as Lease | undefined)?.metadata.name, LEASE_NAME);
});

for (const how of ['down', 'silent'] as const) {
  test(`with the API server ${how}, leading ends within the limit and comes back with a new epoch`, async (context) => {
    const server = leaseServer();
    const { leader, epochs } = candidate(context, server);
    await until(() => server.state.writes >= 3, 'renewals');
    const begin = performance.now();
    server.state[how] = true;
    await until(() => !leader.leading, 'the end of the term');
    const took = performance.now() - begin;
    assert.ok(took > TIMING.renewWithin - TIMING.renewEvery - 20 && took < TIMING.renewWithin + 100, `${took} ms`);
    assert.deepEqual(epochs, [EPOCH, undefined]);
    server.state[how] = false;
    if (how === 'silent') return;
    await until(() => leader.leading, 'the second term');
    assert.deepEqual(epochs, [EPOCH, undefined, EPOCH + 1]);
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

test('a fence leads to an epoch above it; a fence below our epoch is old news', async (context) => {
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

test('stops at once while it can not acquire, and leaves the Lease of another alone', async (context) => {
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

test('giving the Lease back is given up when the API server says nothing', async (context) => {
  const server = leaseServer();
  const { leader, stop, errors } = candidate(context, server);
  await until(() => leader.leading, 'the term');
  server.state.silent = true;
  const begin = performance.now();
  await stop();
  assert.ok(performance.now() - begin < TIMING.releaseWithin + 300);
  assert.equal(errors.length, 1);
});
