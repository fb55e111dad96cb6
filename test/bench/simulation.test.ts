import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { outcomeOf, STRATEGIES } from './simulation.ts';

/** A tenth of the benchmark: twelve seconds of virtual time. */
const SCALE = 0.1;
const outcomes = Object.entries(STRATEGIES).map(([name, lb]) => [name, outcomeOf(lb, 1, SCALE)] as const);
const outcome = (name: string) => Object.fromEntries(outcomes)[name] as (typeof outcomes)[number][1];

describe('ten endpoints, one of them ten times slower for a while', () => {
  test('PeakEWMA has the best p99, and answers within a second', () => {
    const peak = outcome('PeakEWMA');
    for (const [name, { p99 }] of outcomes) assert.ok(peak.p99 <= p99, `${name}: ${p99} ms, PeakEWMA: ${peak.p99} ms`);
    assert.ok(peak.success >= 0.999);
  });

  test('strategies that look at load leave the slow one alone, those that do not feed it', () => {
    for (const name of ['PeakEWMA', 'LeastRequest', 'LeastConnections']) {
      assert.ok(outcome(name).success >= 0.99, name);
      assert.ok(outcome(name).slowShare < 0.05, name);
    }
    for (const name of ['RoundRobin', 'Random', 'Maglev']) assert.ok(outcome(name).slowShare > 0.08, name);
  });

  for (const [name, { joining }] of outcomes) {
    test(`${name}: a newcomer has half of its share within a second`, () => assert.ok(joining <= 1000, `${joining} ms`));
  }

  test('the same seed, the same outcome', () => {
    assert.deepEqual(outcomeOf({ type: 'LeastRequest' }, 1, 0.01), outcomeOf({ type: 'LeastRequest' }, 1, 0.01));
    assert.notDeepEqual(outcomeOf({ type: 'LeastRequest' }, 2, 0.01), outcomeOf({ type: 'LeastRequest' }, 1, 0.01));
  });
});
