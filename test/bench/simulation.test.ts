import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createBalancer } from '../../proxy/balance/strategies.ts';
import { MaglevTables } from '../../proxy/balance/maglev-tables.ts';
import type { PlainStrategy } from '../../proxy/snapshot/types.ts';
import { simulateStrategy, STRATEGIES } from './simulation.ts';
import { simulate } from './virtual-pool.ts';

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

describe('six endpoints whose capacities are as their weights', () => {
  const weights = [3, 1, 1, 3, 1, 1];
  const slow = { from: 1000, to: 10_000 };

  /** Between the start and the end of slowness: the share of each endpoint, in percent, and p99. */
  function outcome(type: PlainStrategy, endpoint?: number) {
    const make = (seed: number) => createBalancer({ type }, seed, new MaglevTables());
    const scenario = { seed: 1, weights, duration: 12_000, ...(endpoint !== undefined && { slow: { ...slow, endpoint } }) };
    const arrivals = simulate(make, scenario).filter(({ at }) => at >= slow.from && at < slow.to);
    const latencies = Float64Array.from(arrivals, ({ latency }) => latency).sort();
    const shares = weights.map((_, i) => (arrivals.filter((a) => a.endpoint === i).length / arrivals.length) * 100);
    return { shares, p99: latencies[Math.floor(0.99 * latencies.length)] as number };
  }

  for (const type of ['LeastConnections', 'LeastRequest', 'PeakEWMA'] as const) {
    test(`${type}: shares follow weights, and no endpoint has a queue`, () => {
      const { shares, p99 } = outcome(type);
      shares.forEach((share, i) => assert.ok(Math.abs(share - (weights[i] as number) * 10) <= 3, shares.join()));
      // The 99th percentile of the service time alone is 46 ms.
      assert.ok(p99 < 50, `${p99} ms`);
    });

    for (const [i, kind] of ['heavy', 'light'].entries()) {
      test(`${type}: a slow endpoint gets less than a quarter of its share: a ${kind} one`, () => {
        const { shares, p99 } = outcome(type, i);
        assert.ok((shares[i] as number) < ((weights[i] as number) * 10) / 4, shares.join());
        assert.ok(p99 < 300, `${p99} ms`);
      });
    }
  }
});
