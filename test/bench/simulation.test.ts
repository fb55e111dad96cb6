import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { simulateStrategy, STRATEGIES } from './simulation.ts';

/** A tenth of the benchmark: 12 s of virtual time. */
const SCALE = 0.1;
const results = Object.entries(STRATEGIES).map(([name, lb]) => [name, simulateStrategy(lb, 1, SCALE)] as const);
const resultOf = (name: string) => Object.fromEntries(results)[name] as (typeof results)[number][1];

describe('ten endpoints, one of them ten times slower for a while', () => {
  test('PeakEWMA has the best p99, and responses within a second', () => {
    const peak = resultOf('PeakEWMA');
    for (const [name, { p99 }] of results) assert.ok(peak.p99 <= p99, `${name}: ${p99} ms, PeakEWMA: ${peak.p99} ms`);
    assert.ok(peak.success >= 0.999);
  });

  test('strategies that use load avoid the slow endpoint, the others do not', () => {
    for (const name of ['PeakEWMA', 'LeastRequest', 'LeastConnections']) {
      assert.ok(resultOf(name).success >= 0.99, name);
      assert.ok(resultOf(name).slowShare < 0.05, name);
    }
    for (const name of ['RoundRobin', 'Random', 'Maglev']) assert.ok(resultOf(name).slowShare > 0.08, name);
  });

  for (const [name, { joining }] of results) {
    test(`${name}: a new endpoint has half of its share within a second`, () => assert.ok(joining <= 1000, `${joining} ms`));
  }

  test('the same seed gives the same result', () => {
    assert.deepEqual(simulateStrategy({ type: 'LeastRequest' }, 1, 0.01), simulateStrategy({ type: 'LeastRequest' }, 1, 0.01));
    assert.notDeepEqual(simulateStrategy({ type: 'LeastRequest' }, 2, 0.01), simulateStrategy({ type: 'LeastRequest' }, 1, 0.01));
  });
});
