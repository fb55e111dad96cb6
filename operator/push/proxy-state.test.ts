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
  const degraded = [{ policy: 'shop/checkout', state: 'panic' as const }];
  const answer = { ...status, rejected, unhealthy, degraded };
  const known = (): ProxyState => {
    const state = acknowledged();
    assert.ok(state.applyStatus(answer, 0, () => 0));
    return state;
  };
  const changes: readonly (readonly [string, boolean, (state: ProxyState) => unknown])[] = [
    ['an equal answer', true, (state) => state.applyStatus(structuredClone(answer), 0, () => 0)],
    [
      'an equal acknowledgement',
      true,
      (state) => state.acknowledge(snapshot, structuredClone({ ...right, rejected, degraded }), 0),
    ],
    ['other endpoints', false, (state) => state.applyStatus({ ...answer, unhealthy: [] }, 0, () => 0)],
    ['other policies are degraded', false, (state) => state.applyStatus({ ...answer, degraded: [] }, 0, () => 0)],
    ['none is said to be degraded any more', false, (state) => state.acknowledge(snapshot, { ...right, rejected }, 0)],
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

test('equal content in which a policy that only monitors has a new generation is not pushed, and counts as that generation', () => {
  const state = acknowledged();
  const content = { generations: new Map([['shop/monitor', 8]]), uids: new Map([['shop/monitor', 'uid-8']]) };
  const { acked } = state.report(snapshot.key, content);
  assert.deepEqual([acked?.generations, acked?.uids], [content.generations, content.uids]);
  assert.notDeepEqual(state.report('another', content).acked?.generations, content.generations, 'the proxy has other content');
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

/** A proxy that can wait, and was told the revision `a`. */
function waiting(): ProxyState {
  const state = fresh();
  assert.ok(state.acknowledge(snapshot, { ...right, degraded: [] }, 0));
  assert.ok(state.applyStatus({ ...status, revision: 'a' }, 0, () => 0.5));
  return state;
}

test('a proxy that can wait is asked plainly a second after its first acknowledgement, then by questions that wait', () => {
  const first = fresh();
  assert.ok(first.acknowledge(snapshot, { ...right, degraded: [] }, 0));
  assert.deepEqual(first.nextStep(snapshot.key, TERMS, 0), { kind: 'wait', ms: 1000 });
  assert.equal(first.untilQuestion(1000), Infinity);
  const state = waiting();
  assert.deepEqual(state.nextStep(snapshot.key, TERMS, 1e9), { kind: 'wait', ms: Infinity });
  assert.equal(state.untilQuestion(0), 1000);
  assert.equal(state.untilQuestion(1000), 0);
  assert.equal(state.waitingQuestion(0)?.waits.after, 'a');
  assert.equal(state.question().waits, undefined);
  assert.ok(state.applyStatus(status, 0, () => 0.5, state.waitingQuestion(0)));
  assert.equal(state.untilQuestion(1e9), Infinity, 'an answer without a revision');
  assert.deepEqual(state.nextStep(snapshot.key, TERMS, 0), { kind: 'wait', ms: 30_000 });
});

test('the next question comes 0.8 to 1.2 s after news, and within half a second without, if that took long', () => {
  const random = fc.double({ min: 0, max: 0.999, noNaN: true });
  fc.assert(
    fc.property(fc.constantFrom('a', 'b'), fc.nat(30_000), random, (revision, took, factor) => {
      const state = waiting();
      const question = state.waitingQuestion(5000);
      assert.ok(state.applyStatus({ ...status, revision }, 5000 + took, () => factor, question));
      const ms = state.untilQuestion(5000 + took);
      const [least, most] = revision === 'b' ? [800, 1200] : [Math.max(0, 800 - took), Math.max(500, 1200 - took)];
      assert.ok(ms >= least && ms <= most, String(ms));
    }),
  );
});

test('a question that fails is followed by a plain one after the pause, and delays no push', () => {
  const state = waiting();
  state.questionFailed(5000, () => 0.5);
  assert.equal(state.failing, false);
  assert.equal(state.untilQuestion(5000), Infinity);
  assert.deepEqual(state.nextStep(snapshot.key, TERMS, 5000), { kind: 'wait', ms: 1000 });
  assert.deepEqual(state.nextStep('another', TERMS, 5000), { kind: 'push' });
});

test('an answer beside pushes does not end the error of a push; the plain question that is due then does', () => {
  const state = waiting();
  state.fail('no answer within 10 s', 2000, () => 0);
  assert.ok(state.applyStatus({ ...status, revision: 'b' }, 2000, () => 0.5, state.waitingQuestion(0)));
  assert.equal(state.report(snapshot.key).error, 'no answer within 10 s');
  assert.deepEqual(state.nextStep(snapshot.key, TERMS, 3000), { kind: 'status' });
  assert.ok(state.applyStatus({ ...status, revision: 'b' }, 3000, () => 0.5));
  assert.equal(state.report(snapshot.key).error, undefined);
  assert.deepEqual(state.nextStep(snapshot.key, TERMS, 3000), { kind: 'wait', ms: Infinity });
});

test('an answer from before an acknowledgement counts only if it has what was acknowledged, or something newer', () => {
  const { epoch, sequence } = snapshot.version;
  const digest = 'ab'.repeat(32);
  const newer = [{ pool: 'p', endpoint: 'e', reason: 'probe' as const, detail: 'HTTP 500' }];
  const cases: readonly (readonly [string, StatusAnswer['applied'], counts: boolean, drift: boolean])[] = [
    ['nothing', undefined, false, false],
    ['a lower epoch', { epoch: epoch - 1, sequence: sequence + 5, digest }, false, false],
    ['a lower sequence', { epoch, sequence: sequence - 1, digest }, false, false],
    ['the same', right.applied, true, false],
    ['a higher sequence', { epoch, sequence: sequence + 1, digest }, true, true],
    ['a higher epoch', { epoch: epoch + 1, sequence: 0, digest }, true, true],
  ];
  for (const [what, applied, counts, drift] of cases) {
    const state = waiting();
    const { applied: _, ...rest } = status;
    const answer = { ...rest, ...(applied && { applied }), trustedKeys: ['other'], unhealthy: newer, revision: 'b' };
    const question = state.waitingQuestion(0);
    assert.ok(state.acknowledge(snapshot, { ...right, degraded: [] }, 1000));
    assert.ok(state.applyStatus(answer, 5000, () => 0.5, question));
    assert.equal(state.hasContent(snapshot.key), !drift, what);
    assert.equal(state.report(snapshot.key).unhealthy?.length, counts ? 1 : 0, what);
    assert.equal(state.trusts('other'), counts, what);
    assert.equal(state.waitingQuestion(0)?.waits.after, counts ? 'b' : 'a', what);
    assert.equal(state.untilQuestion(5000), 1000, what);
  }
});

test('a new generation of a policy ends what was known of its endpoints, unless the proxy is older', () => {
  const versioner = new SnapshotVersioner(9, ['k']);
  const other = { pool: 'shop/api/shop/api:80', endpoint: 'e', reason: 'probe', detail: 'HTTP 500' } as const;
  const own = { ...other, pool: 'default/web/default/web-0:80' };
  const edited = versioner.assignVersion(desiredContent(content([poolPart([endpoint(2)])], 2)), 2);
  const known = (next: typeof snapshot, degraded: PushAnswer['degraded']) => {
    const state = acknowledged();
    assert.ok(state.applyStatus({ ...status, unhealthy: [own, other] }, 0, () => 0));
    const applied = { ...next.version, digest: next.digest };
    assert.ok(state.acknowledge(next, { pod: 'one', applied, rejected: [], ...(degraded && { degraded }) }, 0));
    return state.report(undefined).unhealthy;
  };
  assert.deepEqual(known(edited, []), [other]);
  assert.deepEqual(known(edited, undefined), [own, other]);
  const moved = versioner.assignVersion(desiredContent(content([poolPart([endpoint(3)])])), 3);
  assert.deepEqual(known(moved, []), [own, other], 'its endpoints changed, the policy did not');
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
