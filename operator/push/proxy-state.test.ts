import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { endpoint, poolPart } from '../../proxy/snapshot/testing.ts';
import type { PushAnswer, StatusAnswer } from '../../proxy/snapshot/types.ts';
import { PUSH_TIMING, ProxyState } from './proxy-state.ts';
import { sameReport } from './proxy-report.ts';
import { SnapshotVersioner, desiredContent } from './versioned-snapshot.ts';
import { content, target } from './testing.ts';

const snapshot = new SnapshotVersioner(9, ['k']).assignVersion(desiredContent(content([poolPart([endpoint(1)])])), 1);
const TERMS = { epoch: 9, trustedKeys: ['k'] };
const right: PushAnswer = { pod: 'one', applied: { ...snapshot.version, digest: snapshot.digest }, rejected: [] };
const status: StatusAnswer = { ...right, fence: snapshot.version, trustedKeys: [], unhealthy: [] };
const fresh = (): ProxyState => new ProxyState(target('one', '10.0.0.1'), PUSH_TIMING);

function acknowledged(): ProxyState {
  const state = fresh();
  assert.ok(state.acknowledge(snapshot, right, 0));
  return state;
}

test('a proxy is pushed to until it has its content under this epoch, then queried at intervals', () => {
  assert.deepEqual(fresh().nextStep(snapshot.key, TERMS, 0), { kind: 'push' });
  assert.deepEqual(fresh().nextStep(undefined, TERMS, 0), { kind: 'wait', ms: Infinity });
  const state = acknowledged();
  assert.deepEqual(state.nextStep(snapshot.key, TERMS, 0), { kind: 'wait', ms: 2000 });
  assert.deepEqual(state.nextStep(snapshot.key, TERMS, 2000), { kind: 'status' });
  assert.deepEqual(state.nextStep('another', TERMS, 0), { kind: 'push' });
  assert.deepEqual(state.nextStep(snapshot.key, { ...TERMS, epoch: 10 }, 0), { kind: 'push' });
});

test('status queries are 24 to 36 s apart', () => {
  for (const [random, ms] of [
    [0, 24_000],
    [0.5, 30_000],
    [1, 36_000],
  ] as const) {
    const state = acknowledged();
    assert.ok(state.applyStatus(status, 0, () => random));
    const step = state.nextStep(snapshot.key, TERMS, 0);
    assert.equal(step.kind === 'wait' && Math.round(step.ms), ms);
  }
});

test('a proxy that rejects a listener is queried every two seconds, until it no longer does', () => {
  const rejected = [{ policy: 'shop/checkout', listener: 80, reason: 'port 80 is in use' }];
  const state = acknowledged();
  const waits = (ms: number) => assert.deepEqual(state.nextStep(snapshot.key, TERMS, 0), { kind: 'wait', ms });
  assert.ok(state.applyStatus(status, 0, () => 0.5));
  assert.ok(state.acknowledge(snapshot, { ...right, rejected }, 0));
  waits(2000);
  assert.ok(state.applyStatus({ ...status, rejected }, 0, () => 0.5));
  waits(2000);
  assert.ok(state.applyStatus(status, 0, () => 0.5));
  waits(30_000);
});

test('back-off starts at 100 ms, doubles, ends at 10 s, and is random within its upper half', () => {
  fc.assert(
    fc.property(fc.nat(40), fc.double({ min: 0, max: 0.999, noNaN: true }), (failures, random) => {
      const state = fresh();
      for (let i = 0; i <= failures; i++) state.fail('failed', 0, () => random);
      const whole = Math.min(10_000, 100 * 2 ** failures);
      const step = state.nextStep(snapshot.key, TERMS, 0);
      assert.ok(step.kind === 'wait' && step.ms >= whole / 2 && step.ms <= whole);
    }),
  );
});

test('a report is the same until something in it changes', () => {
  const rejected = [{ policy: 'shop/checkout', listener: 80, reason: 'port 80 is in use' }];
  const unhealthy = [{ pool: 'p', endpoint: 'e', reason: 'probe' as const, detail: 'HTTP 500' }];
  const answer = { ...status, rejected, unhealthy };
  const known = (): ProxyState => {
    const state = acknowledged();
    assert.ok(state.applyStatus(answer, 0, () => 0));
    return state;
  };
  const changes: readonly (readonly [string, boolean, (state: ProxyState) => unknown])[] = [
    ['an equal answer', true, (state) => state.applyStatus(structuredClone(answer), 0, () => 0)],
    ['an equal acknowledgement', true, (state) => state.acknowledge(snapshot, { ...right, rejected: [...rejected] }, 0)],
    ['other endpoints', false, (state) => state.applyStatus({ ...answer, unhealthy: [] }, 0, () => 0)],
    ['other rejections', false, (state) => state.applyStatus({ ...answer, rejected: [] }, 0, () => 0)],
    ['nothing rejected', false, (state) => state.acknowledge(snapshot, right, 0)],
    ['other content', false, (state) => state.applyStatus({ ...answer, applied: { ...right.applied, digest: 'x' } }, 0, () => 0)],
    ['an error', false, (state) => state.fail('failed', 0, () => 0)],
    ['a restart', false, (state) => state.retarget(target('one', '10.0.0.1', { container: 'c2' }))],
    ['the end of the term', false, (state) => state.forget()],
  ];
  for (const [what, same, change] of changes) {
    const state = known();
    const before = state.report(snapshot.key);
    change(state);
    assert.equal(sameReport(before, state.report(snapshot.key)), same, what);
  }
  assert.equal(sameReport(known().report(snapshot.key), known().report('another')), false, 'other content is desired');
});

test('a success ends the back-off and the error', () => {
  const state = fresh();
  state.fail('failed', 0, () => 1);
  assert.ok(state.failing && state.report(snapshot.key).error === 'failed');
  state.acknowledge(snapshot, right, 0);
  assert.equal(state.failing, false);
  assert.equal(state.report(snapshot.key).error, undefined);
});

test('a new address or container drops what was acknowledged and the delay, but not the parts', () => {
  for (const over of [{ address: '10.0.0.2' }, { container: 'c2' }]) {
    const state = acknowledged();
    state.fail('failed', 0, () => 1);
    state.retarget(target('one', '10.0.0.1', over));
    assert.deepEqual(state.nextStep(snapshot.key, TERMS, 0), { kind: 'push' });
    assert.deepEqual(
      [...state.knownParts],
      snapshot.content.pools.map((pool) => pool.digest),
    );
  }
  const state = acknowledged();
  state.retarget(target('one', '10.0.0.1', { ready: false }));
  assert.ok(state.hasContent(snapshot.key));
});

test('a changed zone or node is pushed, while the content stays acknowledged', () => {
  const state = acknowledged();
  const { generation } = state;
  for (const location of [
    { zone: 'a', node: 'n1' },
    { zone: 'b', node: 'n1' },
    { zone: 'b', node: 'n2' },
  ]) {
    state.retarget(target('one', '10.0.0.1', { location }));
    assert.deepEqual(state.nextStep(snapshot.key, TERMS, 0), { kind: 'push' });
    assert.ok(state.hasContent(snapshot.key));
    assert.ok(state.acknowledge(snapshot, right, 0, location));
    assert.equal(state.nextStep(snapshot.key, TERMS, 0).kind, 'wait');
  }
  state.retarget(target('one', '10.0.0.1', { location: { zone: 'b', node: 'n2' } }));
  assert.equal(state.nextStep(snapshot.key, TERMS, 0).kind, 'wait');
  assert.equal(state.generation, generation);
});

test('a location that changed during a push is pushed again', () => {
  const state = fresh();
  state.retarget(target('one', '10.0.0.1', { location: { zone: 'a', node: 'n1' } }));
  assert.ok(state.acknowledge(snapshot, right, 0, { zone: 'a', node: '' }));
  assert.deepEqual(state.nextStep(snapshot.key, TERMS, 0), { kind: 'push' });
});

test('another digest, or none, in a status is drift', () => {
  const other = acknowledged();
  other.applyStatus({ ...status, applied: { ...snapshot.version, digest: 'ab'.repeat(32) } }, 0, () => 0);
  assert.deepEqual([other.hasContent(snapshot.key), other.knownParts.size], [false, 1]);
  const none = acknowledged();
  const { applied: _, ...empty } = status;
  none.applyStatus(empty, 0, () => 0);
  assert.deepEqual([none.hasContent(snapshot.key), none.knownParts.size], [false, 0]);
});
