import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LoadBalancerPolicy, PolicyStatus } from '../api/policy.gen.ts';
import type { Call, KubeClient } from '../kube/client.ts';
import { ApiError } from '../kube/api-error.ts';
import { fakeClock } from '../util/testing.ts';
import type { FleetView } from './policy-status.ts';
import { acked, fleetOf, NOW, proxy, verdict } from './testing.ts';
import { STATUS_TIMING } from './status-timing.ts';
import { createStatusWriter } from './status-writer.ts';

const FLEET = fleetOf([proxy('p1'), proxy('p2')], { p1: acked(3), p2: acked(3) });
const policyAt = (resourceVersion: number, status?: PolicyStatus, name = 'checkout'): LoadBalancerPolicy => ({
  metadata: {
    name,
    namespace: 'shop',
    uid: `uid-${name}`,
    resourceVersion: String(resourceVersion),
    creationTimestamp: 'x',
    generation: 3,
  },
  spec: { backendRefs: [] },
  ...(status && { status }),
});

function setup() {
  const clock = fakeClock();
  const state = {
    leading: true,
    version: 100,
    error: undefined as Error | undefined,
    eventError: undefined as Error | undefined,
    gate: Promise.resolve(),
    atOnce: 0,
    most: 0,
  };
  const patches: Call[] = [];
  const events: Call[] = [];
  const failures: string[] = [];
  const call = async (request: Call): Promise<unknown> => {
    (request.method === 'PATCH' ? patches : events).push(request);
    state.most = Math.max(state.most, (state.atOnce += 1));
    await state.gate;
    state.atOnce -= 1;
    const error = request.method === 'PATCH' ? state.error : (state.eventError ?? state.error);
    if (error) throw error;
    return { metadata: { resourceVersion: String((state.version += 1)) } };
  };
  const writer = createStatusWriter({
    client: { call: call as KubeClient['call'] },
    leading: () => state.leading,
    instance: 'operator-1',
    failed: (policy, error) => failures.push(`${policy}: ${error.message}`),
    random: () => 1,
    now: () => NOW,
    clock,
  });
  const terminatingNamespaces = new Map<string, string>();
  const want = (fleet: FleetView, ...policies: LoadBalancerPolicy[]): void =>
    writer.setDesired({
      policies: new Map(policies.map((policy) => [`shop/${policy.metadata.name}`, policy])),
      verdicts: new Map(policies.map(({ metadata: { name, uid } }) => [`shop/${name}`, verdict({ name, uid })])),
      fleet,
      terminatingNamespaces: new Map(terminatingNamespaces),
    });
  const settle = () => new Promise((resolve) => setTimeout(resolve, 5));
  const written = (): PolicyStatus => (patches.at(-1)?.body as { status: PolicyStatus }).status;
  return { terminatingNamespaces, clock, state, patches, events, failures, writer, want, settle, written };
}

test('applies the whole status under its own field manager, once', async () => {
  const { patches, events, want, settle, written } = setup();
  want(FLEET, policyAt(1));
  await settle();
  assert.equal(patches.length, 1);
  const { path, query, contentType, body } = patches[0] as Call;
  assert.equal(path, '/apis/outrigger.dev/v1alpha1/namespaces/shop/loadbalancerpolicies/checkout/status');
  assert.deepEqual(query, { fieldManager: 'outrigger-operator', force: 'true' });
  assert.equal(contentType, 'application/apply-patch+yaml');
  assert.equal((body as { kind: string }).kind, 'LoadBalancerPolicy');
  assert.deepEqual(Object.keys(written()).sort(), ['conditions', 'endpoints', 'observedGeneration', 'proxies', 'summary']);
  assert.deepEqual(
    events.map((event) => (event.body as { reason: string }).reason),
    ['Ready', 'Programmed'],
  );
  want(FLEET, policyAt(1));
  await settle();
  want(FLEET, policyAt(101, written()));
  await settle();
  assert.equal(patches.length, 1, 'neither before nor after the watch has caught up is anything written again');
  assert.equal(events.length, 2);
});

test('a status that someone else changed is corrected', async () => {
  const { patches, want, settle, written } = setup();
  want(FLEET, policyAt(1));
  await settle();
  want(FLEET, policyAt(150, { ...written(), conditions: [] }));
  await settle();
  assert.equal(patches.length, 2);
});

test('resource versions that restart do not make it write for ever', async () => {
  const { patches, want, settle } = setup();
  want(FLEET, policyAt(5000));
  await settle();
  want(FLEET, policyAt(5000));
  await settle();
  assert.equal(patches.length, 1);
});

test('status and reason of conditions are written at once, counts and messages at most every ten seconds', async () => {
  const { clock, patches, want, settle, written } = setup();
  want(FLEET, policyAt(1));
  await settle();
  const finds = (detail: string, ...endpoints: string[]) =>
    fleetOf(
      [proxy('p1'), proxy('p2')],
      Object.fromEntries(
        ['p1', 'p2'].map((uid) => [
          uid,
          acked(3, {
            unhealthy: endpoints.map((endpoint) => ({
              ...{ pool: 'shop/checkout/shop/web:80', endpoint, check: 'GET /healthz' },
              ...{ reason: 'probe' as const, detail },
            })),
          }),
        ]),
      ),
    );
  const readiness = () => written().conditions?.find(({ type }) => type === 'Ready');
  clock.advance(3000);
  want(finds('HTTP 404', 'e1'), policyAt(101, written()));
  await settle();
  assert.equal(patches.length, 2, 'another reason');
  assert.deepEqual([readiness()?.status, readiness()?.reason], ['True', 'SomeUnhealthy']);
  assert.equal(written().endpoints?.healthy, 1);
  clock.advance(3000);
  want(finds('HTTP 500', 'e1'), policyAt(102, written()));
  await settle();
  assert.equal(patches.length, 2, 'another message alone waits');
  clock.advance(6999);
  await settle();
  assert.equal(patches.length, 2);
  clock.advance(1);
  await settle();
  assert.equal(patches.length, 3);
  assert.match(readiness()?.message ?? '', /HTTP 500/);
  want(finds('HTTP 500', 'e1', 'e2'), policyAt(103, written()));
  await settle();
  assert.equal(patches.length, 3, 'another count alone waits');
  clock.advance(10_000);
  await settle();
  assert.equal(patches.length, 4);
  assert.equal(written().endpoints?.healthy, 0);
  want(fleetOf([proxy('p1'), proxy('p2')], { p1: acked(2), p2: acked(3) }), policyAt(104, written()));
  await settle();
  assert.equal(patches.length, 5);
  assert.deepEqual(
    written().conditions?.map(({ type, reason }) => `${type} ${reason}`),
    ['Ready Pending', 'Accepted Accepted', 'ResolvedRefs ResolvedRefs', 'Programmed Pending', 'Reconciling Pending'],
  );
});

test('after a start, counts wait until proxies could be contacted', async () => {
  const { clock, patches, writer, want, settle, written } = setup();
  want(FLEET, policyAt(1));
  await settle();
  const status = written();
  await writer.stop();
  const again = setup();
  again.want(fleetOf([proxy('p1'), proxy('p2')], {}, true), policyAt(101, status));
  await again.settle();
  assert.equal(again.patches.length, 0);
  again.want(FLEET, policyAt(101, status));
  again.clock.advance(STATUS_TIMING.counts);
  await again.settle();
  assert.equal(again.patches.length, 0);
  clock.advance(STATUS_TIMING.counts);
  assert.equal(patches.length, 1);
});

test('writes nothing unless leading, and nothing after stop', async () => {
  const { state, patches, writer, want, settle } = setup();
  state.leading = false;
  want(FLEET, policyAt(1));
  await settle();
  assert.equal(patches.length, 0);
  state.leading = true;
  want(FLEET, policyAt(1));
  await settle();
  assert.equal(patches.length, 1);
  await writer.stop();
  want(FLEET, policyAt(1, undefined, 'other'));
  await settle();
  assert.equal(patches.length, 1);
});

test('a new leader writes conditions at once, and counts when proxies could be contacted', async () => {
  const { clock, state, patches, want, settle, written } = setup();
  want(FLEET, policyAt(1));
  await settle();
  const theirs = { ...written(), summary: { endpoints: '1/3', proxies: '2/2' }, endpoints: { total: 3, ready: 2, healthy: 1 } };
  state.leading = false;
  want(FLEET, policyAt(500, theirs));
  clock.advance(60_000);
  state.leading = true;
  want(FLEET, policyAt(500, theirs));
  await settle();
  assert.equal(patches.length, 1, 'only counts differ from what the former leader wrote');
  clock.advance(STATUS_TIMING.counts);
  await settle();
  assert.equal(patches.length, 2);
  state.leading = false;
  want(FLEET, policyAt(600, theirs));
  state.leading = true;
  want(FLEET, policyAt(600, { ...theirs, conditions: [] }));
  await settle();
  assert.equal(patches.length, 3);
});

test('failures are tried again with back-off; a conflict or a deletion is not reported as an error', async () => {
  for (const [error, alarms] of [
    [new ApiError(500, '', 'broken'), 1],
    [new ApiError(409, 'Conflict', 'modified'), 0],
    [new ApiError(404, 'NotFound', 'gone'), 0],
  ] as const) {
    const { clock, state, patches, failures, want, settle } = setup();
    state.error = error;
    want(FLEET, policyAt(1));
    await settle();
    assert.equal(patches.length, 1);
    assert.equal(failures.length, alarms);
    want(FLEET, policyAt(1));
    await settle();
    assert.equal(patches.length, 1, 'not before the back-off is over');
    state.error = undefined;
    clock.advance(STATUS_TIMING.retry.base);
    await settle();
    assert.equal(patches.length, 2);
  }
});

test('a condition that keeps changing does not flood the cluster with Events', async () => {
  const { clock, patches, events, want, settle, written } = setup();
  const turns = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      const rejected = i % 2 ? [] : [{ policy: 'shop/checkout', listener: 80, reason: 'in use' }];
      const reports = { p1: acked(3, { rejected }), p2: acked(3) };
      want(fleetOf([proxy('p1'), proxy('p2')], reports), policyAt(101 + patches.length, patches.length ? written() : undefined));
      await settle();
    }
  };
  await turns(40);
  assert.equal(patches.length, 40, 'every turn is in the status');
  assert.equal(events.length, 25);
  clock.advance(600_000);
  await turns(10);
  assert.equal(events.length, 27);
});

test('readiness is that of every policy as of now, written or not, and only of a leader', async () => {
  const { state, patches, writer, want, settle } = setup();
  const seen = () => [...writer.readiness()].map(({ name, ready: { status, reason } }) => `${name} ${status} ${reason}`);
  assert.deepEqual(seen(), [], 'nothing is known yet');
  state.error = new ApiError(500, '', 'broken');
  want(FLEET, policyAt(1), policyAt(1, undefined, 'cart'));
  // Only checkout is acknowledged.
  const expected = ['checkout True Ready', 'cart Unknown Pending'];
  assert.deepEqual(seen(), expected, 'while they are being written');
  await settle();
  const attempts = patches.length;
  assert.deepEqual(seen(), expected, 'when that failed');
  await settle();
  assert.equal(patches.length, attempts, 'to ask writes nothing');
  state.leading = false;
  assert.deepEqual(seen(), []);
  state.leading = true;
  const rejected = [{ policy: 'shop/checkout', listener: 80, reason: 'in use' }];
  want(fleetOf([proxy('p1'), proxy('p2')], { p1: acked(3), p2: acked(3, { rejected }) }), policyAt(1));
  assert.deepEqual(seen(), ['checkout False Rejected'], 'cart was deleted');
});

test('readiness that is not known anew is as it was last written', async () => {
  const { writer, want, settle, written } = setup();
  want(FLEET, policyAt(1));
  await settle();
  const unknown = fleetOf([proxy('p1'), proxy('p2')], {}, true);
  const reasons = () => [...writer.readiness()].map(({ ready }) => ready.reason);
  want(unknown, policyAt(1));
  assert.deepEqual(reasons(), ['Ready'], 'the watch has not caught up');
  want(unknown, policyAt(101, written()));
  assert.deepEqual(reasons(), ['Ready']);
});

test('few parallel writes, never two of one policy, and all in the end', async () => {
  const { state, patches, want, settle } = setup();
  let open = (): void => undefined;
  state.gate = new Promise((resolve) => (open = resolve));
  const policies = Array.from({ length: 20 }, (_, i) => policyAt(1, undefined, `p${i}`));
  want(FLEET, ...policies);
  want(FLEET, ...policies);
  await settle();
  assert.equal(patches.length, STATUS_TIMING.concurrency);
  open();
  await settle();
  await settle();
  assert.equal(new Set(patches.map(({ path }) => path)).size, 20);
  assert.equal(patches.length, 20);
  assert.equal(state.most, STATUS_TIMING.concurrency);
});

test('a policy that is recreated under its name is written although the old one was', async () => {
  const { patches, want, settle, writer } = setup();
  want(FLEET, policyAt(1));
  await settle();
  const fresh = policyAt(200);
  const made = { ...fresh, metadata: { ...fresh.metadata, uid: 'uid-new' } };
  writer.setDesired({
    policies: new Map([['shop/checkout', made]]),
    verdicts: new Map([['shop/checkout', verdict({ uid: 'uid-new' })]]),
    fleet: FLEET,
    terminatingNamespaces: new Map(),
  });
  await settle();
  assert.equal(patches.length, 2);
});

test('nothing is written in a namespace that is being deleted, and what waited there is dropped', async () => {
  const { terminatingNamespaces, clock, state, patches, events, failures, want, settle } = setup();
  state.error = new ApiError(500, '', 'broken');
  want(FLEET, policyAt(1));
  await settle();
  assert.deepEqual([patches.length, failures.length], [1, 1]);
  state.error = undefined;
  terminatingNamespaces.set('shop', '2026-11-22T10:00:00Z');
  want(FLEET, policyAt(1));
  clock.advance(STATUS_TIMING.retry.max);
  want(FLEET, policyAt(2, { conditions: [] }));
  clock.advance(STATUS_TIMING.counts);
  await settle();
  assert.deepEqual([patches.length, events.length, failures.length], [1, 0, 1]);
  terminatingNamespaces.clear();
  want(FLEET, policyAt(1));
  await settle();
  assert.equal(patches.length, 2, 'another namespace of that name is a new one: no back-off is left');
});

test('an Event that is refused since the deletion of the namespace has just begun is no failure', async () => {
  const refused = new ApiError(403, 'Forbidden', 'unable to create new content', ['NamespaceTerminating']);
  for (const [error, alarms] of [
    [refused, 0],
    [new ApiError(403, 'Forbidden', 'no right'), 2],
  ] as const) {
    const { state, events, failures, want, settle } = setup();
    state.eventError = error;
    want(FLEET, policyAt(1));
    await settle();
    assert.deepEqual([events.length, failures.length], [2, alarms]);
  }
});
