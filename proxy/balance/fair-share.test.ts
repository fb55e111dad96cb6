import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EndpointTable } from './endpoint-table.ts';
import { FairShare } from './fair-share.ts';
import { seeded, weighted } from './testing.ts';

/** Endpoints with these weights and requests in flight. */
function fairShare(weights: Readonly<Record<string, number>>, inFlight: readonly number[]): FairShare {
  const table = new EndpointTable();
  table.update(weighted(weights));
  const fair = new FairShare(table);
  fair.update((i) => inFlight[i] as number);
  return fair;
}

test('the fair share is that of the requests in flight and the next one', () => {
  const fair = fairShare({ a: 3, b: 1, c: 1 }, [2, 1, 1]);
  assert.deepEqual([fair.of(3), fair.of(1)], [3, 1]);
});

test('one more than the fair share may be held; a fraction is rounded at random, in proportion', () => {
  const whole = fairShare({ a: 3, b: 1, c: 1 }, [5, 2, 2]);
  const always = (inFlight: number) => [0, 0.5, 0.999].map((u) => whole.isExceeded(inFlight, 1, () => u));
  assert.deepEqual(always(3), [true, false, false], 'of 2, exactly');
  assert.deepEqual(always(2), [false, false, false]);
  assert.deepEqual(always(4), [true, true, true]);
  // 3.25 of 13.
  const fraction = fairShare({ a: 3, b: 1 }, [12, 0]);
  const random = seeded(1);
  const held = (inFlight: number) => Array.from({ length: 10_000 }, () => fraction.isExceeded(inFlight, 1, random));
  assert.ok(held(4).every((exceeded) => !exceeded));
  assert.ok(Math.abs(held(5).filter((exceeded) => exceeded).length / 10_000 - 0.75) < 0.02);
  assert.ok(held(6).every((exceeded) => exceeded));
});

test('one request in flight is never too many, nor without endpoints', () => {
  assert.equal(
    fairShare({ a: 1000, b: 1 }, [0, 1]).isExceeded(1, 1, () => 0),
    false,
  );
  assert.equal(
    fairShare({}, []).isExceeded(0, 0, () => 0),
    false,
  );
});

test('totals follow any sequence of requests, changes of usability and updates', () => {
  type Step = { do: 'add' | 'toggle'; i: number } | { do: 'update'; weights: number[] };
  const weights = fc.array(fc.constantFrom(0, 0.5, 1, 3, 1000), { maxLength: 6 });
  const steps = fc.array(
    fc.oneof(
      fc.record({ do: fc.constantFrom('add' as const, 'toggle' as const), i: fc.nat(5) }),
      fc.record({ do: fc.constant('update' as const), weights }),
    ),
    { maxLength: 40 },
  );
  const run = (given: readonly Step[]) => {
    const table = new EndpointTable();
    const fair = new FairShare(table);
    let inFlight: number[] = [];
    for (const s of given) {
      if (s.do === 'update') {
        const from = table.update(s.weights.map((weight, i) => ({ id: `e${i}`, weight })));
        inFlight = [...from].map((old) => inFlight[old] ?? 0);
        fair.update((i) => inFlight[i] as number);
      } else if (s.i < table.size && s.do === 'toggle') {
        table.usable(s.i, table.selectable[s.i] === 0);
        fair.usable(s.i, inFlight[s.i] as number);
      } else if (s.i < table.size) {
        inFlight[s.i]!++;
        fair.add(s.i, 1);
      }
      const counted = new FairShare(table);
      counted.update((i) => inFlight[i] as number);
      assert.equal(fair.of(1), counted.of(1));
    }
  };
  fc.assert(fc.property(steps, run));
});
