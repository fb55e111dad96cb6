import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FleetTally, NO_PROXIES } from './fleet-tally.ts';
import { PUSH_TIMING, ProxyState } from './proxy-state.ts';
import { target } from './testing.ts';

const UIDS = ['a', 'b', 'c', 'd'];
const change = fc.record({
  uid: fc.constantFrom(...UIDS),
  gone: fc.boolean(),
  current: fc.boolean(),
  fails: fc.boolean(),
  skew: fc.constantFrom(0, 0, -90, 300),
  ready: fc.boolean(),
  terminating: fc.boolean(),
});

test('counts that are kept up to date equal those over all proxies, after any history', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
      const tally = new FleetTally();
      const states = new Map(UIDS.map((uid) => [uid, new ProxyState(target(uid, '10.0.0.1'), PUSH_TIMING)]));
      const known = new Map<ProxyState, boolean>();
      for (const { uid, gone, current, fails, skew, ...pod } of changes) {
        const state = states.get(uid);
        assert.ok(state);
        if (gone) {
          tally.remove(state);
          known.delete(state);
          continue;
        }
        state.retarget(target(uid, fails ? '10.0.0.1' : '10.0.0.2', pod));
        if (fails) state.fail('failed', 0, () => 0);
        state.skew = skew;
        tally.update(state, { current, rejected: [], unhealthy: undefined, degraded: undefined });
        known.set(state, current);
      }
      const counts = { ...NO_PROXIES };
      for (const [{ failing }, current] of known) counts[failing ? 'failing' : current ? 'current' : 'pending']++;
      assert.deepEqual(tally.counts, counts);
      assert.equal(tally.skew, Math.max(0, ...[...known.keys()].map(({ skew }) => Math.abs(skew))));
      const lacking = [...known].filter(([{ target: pod }, current]) => !current && pod.ready && !pod.terminating);
      assert.equal(tally.allCurrent, lacking.length === 0);
    }),
  );
});
