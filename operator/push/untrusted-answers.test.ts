/** Answers are not authenticated: what false answers can and cannot cause. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../proxy/control/testing.ts';
import { endpoint, poolPart } from '../../proxy/snapshot/testing.ts';
import type { Version } from '../../proxy/snapshot/types.ts';
import type { ProxyClient, PushOutcome, StatusOutcome } from './proxy-client.ts';
import type { Fleet } from './fleet-types.ts';
import { content, Rig, target, translation } from './testing.ts';

const EPOCH = Math.floor(Date.now() / 1000);
const part = poolPart([endpoint(1)]);

/** A client that gives these answers. */
function answering(push: (n: number) => PushOutcome, status?: StatusOutcome): ProxyClient {
  let pushes = 0;
  return {
    push: async () => push(++pushes),
    status: async () => status ?? { kind: 'failed', detail: '' },
    close: async () => {},
  };
}

function facing(rig: Rig, client: ProxyClient, timing = {}): Fleet {
  const fleet = rig.fleet(timing, client);
  fleet.setEpoch(EPOCH);
  fleet.setDesired(translation([target('one', '127.9.0.1')], content([part])), performance.now());
  return fleet;
}

const acknowledged = (pod: string, sequence: number, digest: string): PushOutcome => ({
  kind: 'acked',
  answer: { pod, applied: { epoch: EPOCH, sequence, digest }, rejected: [] },
});

test('an acknowledgement of another pod, version or digest does not count', async (t) => {
  const right = 'cd'.repeat(32);
  for (const answer of [acknowledged('two', 1, right), acknowledged('one', 2, right), acknowledged('one', 1, right)]) {
    const rig = new Rig(t);
    const fleet = facing(
      rig,
      answering(() => answer),
    );
    await until(() => rig.results.length >= 2);
    assert.ok(rig.results.every((result) => result === 'failed'));
    const report = fleet.reports().get('one');
    assert.deepEqual([report?.current, report?.acked], [false, undefined]);
    assert.equal(report?.error, 'the answer acknowledges something else');
  }
});

test('an epoch far beyond ours and the clock does not fence the leader; a plausible one does', async (t) => {
  const stale = (current: Version): PushOutcome => ({ kind: 'stale', current });
  const rig = new Rig(t);
  facing(
    rig,
    answering(() => stale({ epoch: Number.MAX_SAFE_INTEGER, sequence: 1 })),
  );
  await until(() => rig.results.length >= 3);
  assert.deepEqual(rig.fenced, []);
  facing(
    rig,
    answering(() => stale({ epoch: EPOCH + 60, sequence: 1 })),
  );
  await until(() => rig.fenced.length === 1);
});

test('a pod that fences repeatedly is only pushed to less and less often', async (t) => {
  const rig = new Rig(t);
  let epoch = EPOCH;
  const fleet = facing(
    rig,
    answering(() => ({ kind: 'stale', current: { epoch: epoch + 1, sequence: 1 } })),
    { retry: { base: 40, max: 60_000 } },
  );
  const began = performance.now();
  while (rig.fenced.length < 3) {
    const seen = rig.fenced.length;
    await until(() => rig.fenced.length > seen);
    fleet.setEpoch((epoch += 1));
  }
  assert.ok(performance.now() - began >= 20 + 40, 'half of 40 ms, then half of 80 ms');
});

test('after repeated 424 answers everything is sent, with delays', async (t) => {
  const rig = new Rig(t);
  facing(
    rig,
    answering(() => ({ kind: 'missing', digests: ['ab'.repeat(32)] })),
    { retry: { base: 60_000, max: 60_000 } },
  );
  await until(() => rig.results.length === 2);
  await until(() => rig.counts['failing'] === 1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(rig.results, ['missing', 'missing']);
});

test('a status of another pod does not count', async (t) => {
  const rig = new Rig(t);
  const answer = { pod: 'two', fence: { epoch: EPOCH + 1, sequence: 1 }, rejected: [], trustedKeys: [], unhealthy: [] };
  const honest = await rig.proxy('one');
  const real = rig.client();
  const fleet = rig.fleet({ firstStatus: 5, newsPause: 5 }, { ...real, status: async () => ({ kind: 'status', answer }) });
  fleet.setEpoch(EPOCH);
  fleet.setDesired(translation([target('one', honest.address)], content([part])), performance.now());
  await until(() => fleet.reports().get('one')?.error !== undefined);
  assert.equal(fleet.reports().get('one')?.error, 'another pod answers at this address');
  assert.deepEqual(rig.fenced, []);
  assert.equal(fleet.reports().get('one')?.current, true);
});

test('a refused content is retried with delays, the next content is pushed at once', async (t) => {
  const rig = new Rig(t);
  const fleet = facing(
    rig,
    answering(() => ({ kind: 'invalid', detail: 'HTTP 422 invalid: a is wrong' })),
    { retry: { base: 60_000, max: 60_000 } },
  );
  await until(() => rig.results.length === 1);
  assert.equal(fleet.reports().get('one')?.error, 'HTTP 422 invalid: a is wrong');
  fleet.setDesired(translation([target('one', '127.9.0.1')], content([])), performance.now());
  await until(() => rig.results.length === 2);
});
