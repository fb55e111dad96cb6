import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EPOCH_ANNOTATION } from '../api/labels.ts';
import { acquired, candidateOf, epochOf, isFree, LEASE_NAME, released, renewed, type Lease } from './lease.ts';

const NOW = Date.parse('2026-11-22T00:00:00.123Z');
const SECONDS = Math.floor(NOW / 1000);
const US = { namespace: 'outrigger-system', identity: 'operator-1_uuid' };
const withEpoch = (epoch: string, holderIdentity = 'other'): Lease => ({
  metadata: { name: LEASE_NAME, resourceVersion: '7', annotations: { keep: 'me', [EPOCH_ANNOTATION]: epoch } },
  spec: { holderIdentity, leaseDurationSeconds: 99, leaseTransitions: 4 },
});

test('the epoch is above the previous one, above a given one, and not below the clock', () => {
  const cases: [Lease | undefined, number, number][] = [
    [undefined, 0, SECONDS],
    [withEpoch('5'), 0, SECONDS],
    [withEpoch(String(SECONDS)), 0, SECONDS + 1],
    [withEpoch(String(SECONDS + 100)), 0, SECONDS + 101],
    [withEpoch('5'), SECONDS + 7, SECONDS + 8],
    [undefined, SECONDS + 7, SECONDS + 8],
    [withEpoch('no number'), 0, SECONDS],
    [withEpoch('-3'), 0, SECONDS],
    [withEpoch('9'.repeat(40)), 0, SECONDS],
    [{ metadata: { name: LEASE_NAME, resourceVersion: '1' } }, 0, SECONDS],
  ];
  for (const [previous, above, wanted] of cases) {
    assert.equal(epochOf(acquired(previous, US, NOW, above)), wanted, JSON.stringify([previous, above]));
  }
});

test('epochs only grow, whatever the clock does', () => {
  const steps = fc.array(fc.record({ now: fc.nat({ max: 4e12 }), above: fc.nat({ max: 4e9 }) }), { minLength: 1 });
  fc.assert(
    fc.property(steps, (list) => {
      let lease: Lease | undefined;
      for (const { now, above } of list) {
        const next = acquired(lease, US, now, above);
        assert.ok(epochOf(next) > Math.max(epochOf(lease), above));
        lease = released(renewed(next, now), now);
      }
    }),
  );
});

test('acquiring names the holder, counts transitions between holders, and keeps the precondition and members written by others', () => {
  const lease = acquired(withEpoch('5'), US, NOW, 0);
  assert.deepEqual(lease.metadata, {
    name: LEASE_NAME,
    namespace: US.namespace,
    resourceVersion: '7',
    annotations: { keep: 'me', [EPOCH_ANNOTATION]: String(SECONDS) },
  });
  assert.deepEqual(lease.spec, {
    holderIdentity: US.identity,
    leaseDurationSeconds: 15,
    acquireTime: '2026-11-22T00:00:00.123000Z',
    renewTime: '2026-11-22T00:00:00.123000Z',
    leaseTransitions: 5,
  });
  assert.equal(acquired(withEpoch('5', US.identity), US, NOW, 0).spec?.leaseTransitions, 4);
  assert.equal(acquired(undefined, US, NOW, 0).spec?.leaseTransitions, 0);
});

test('a Lease is free when no one, the candidate itself, or an earlier process of its pod holds it', () => {
  const named = candidateOf('outrigger-system', 'operator-1', undefined, 'p1');
  const known = candidateOf('outrigger-system', 'operator-1', 'u1', 'p1');
  assert.deepEqual([named.identity, known.identity], ['operator-1_p1', 'operator-1_u1_p1']);
  const cases: [string, boolean, boolean][] = [
    ['', true, true],
    ['operator-1_p1', true, false],
    ['operator-1_u1_p1', false, true],
    ['operator-1_u1_p0', false, true],
    ['operator-1_p0', false, false],
    ['operator-1_u2_p0', false, false],
    ['operator-2_u1_p0', false, false],
  ];
  for (const [holder, byName, byUid] of cases) {
    assert.deepEqual([isFree(withEpoch('5', holder), named), isFree(withEpoch('5', holder), known)], [byName, byUid], holder);
  }
  assert.ok(isFree(undefined, named) && isFree({ metadata: { name: LEASE_NAME } }, named));
});

test('renewing changes only the time; releasing clears the holder and keeps the epoch', () => {
  const lease = acquired(undefined, US, NOW, 0);
  const later = renewed(lease, NOW + 5000);
  assert.deepEqual(later, { ...lease, spec: { ...lease.spec, renewTime: '2026-11-22T00:00:05.123000Z' } });
  const free = released(later, NOW + 6000);
  assert.equal(free.spec?.holderIdentity, '');
  assert.equal(free.spec?.leaseDurationSeconds, 1);
  assert.equal(epochOf(free), epochOf(lease));
});
