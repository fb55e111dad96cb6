/**
 * The strategies compared in virtual time: ten endpoints at 60% of their capacity, one of them ten times slower for a while, behind two
 * balancers that do not see each other's requests; and an eleventh endpoint that joins. Deterministic for a seed.
 */
import { createBalancer } from '../../proxy/balance/strategies.ts';
import { PLAIN_STRATEGIES } from '../../proxy/snapshot/load-balancer.ts';
import { MaglevTables } from '../../proxy/balance/maglev-tables.ts';
import type { LoadBalancer } from '../../proxy/snapshot/types.ts';
import type { Bench, Row } from './bench.ts';
import { simulate } from './virtual-pool.ts';
import type { Arrival } from './virtual-pool.ts';

const hashOn = { type: 'SourceIP' } as const;
export const STRATEGIES: Readonly<Record<string, LoadBalancer>> = {
  ...Object.fromEntries(PLAIN_STRATEGIES.map((type) => [type, { type }])),
  Maglev: { type: 'ConsistentHash', consistentHash: { algorithm: 'Maglev', tableSize: 65_537, hashOn } },
  Rendezvous: { type: 'ConsistentHash', consistentHash: { algorithm: 'Rendezvous', hashOn } },
};

const TEN = Array.from({ length: 10 }, () => 1);

export interface SimulationResult {
  /** Latencies in ms. */
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  /** Share of the requests with a response within a second. */
  readonly success: number;
  /** Share of the requests that went to the slow endpoint while it was slow. */
  readonly slowShare: number;
  /** Milliseconds from the end of its slowness until it had nine tenths of its fair share again; Infinity: not before the end. */
  readonly recovery: number;
  /** Milliseconds from joining until the new endpoint had half of its fair share. */
  readonly joining: number;
}

/** At scale 1 the run of the published numbers (120 s of virtual time); a smaller scale gives a shorter run. */
export function simulateStrategy(lb: LoadBalancer, seed: number, scale = 1): SimulationResult {
  const make = (own: number) => createBalancer(lb, own, new MaglevTables());
  const slow = { from: 10_000 * scale, to: 70_000 * scale };
  const arrivals = simulate(make, { seed, weights: TEN, duration: 120_000 * scale, slow });
  const latencies = Float64Array.from(arrivals, ({ latency }) => latency).sort();
  const quantile = (q: number) => latencies[Math.floor(q * (latencies.length - 1))] as number;
  const duringSlowness = arrivals.filter(({ at }) => at >= slow.from && at < slow.to);
  const joined = simulate(make, { seed, weights: TEN, duration: 13_000, joins: 10_000 });
  return {
    p50: quantile(0.5),
    p99: quantile(0.99),
    p999: quantile(0.999),
    success: latencies.findLastIndex((latency) => latency <= 1000) / (latencies.length - 1),
    slowShare: duringSlowness.filter(({ endpoint }) => endpoint === 0).length / duringSlowness.length,
    recovery: timeToShare(arrivals, 0, slow.to, 0.9 / 10, 1000),
    joining: timeToShare(joined, 10, 10_000, 0.5 / 11, 100),
  };
}

/** Milliseconds from `from` to the end of the first window in which `endpoint` had at least this share. */
function timeToShare(arrivals: readonly Arrival[], endpoint: number, from: number, share: number, window: number): number {
  const own = new Map<number, number>();
  const all = new Map<number, number>();
  for (const a of arrivals) {
    if (a.at < from) continue;
    const n = Math.floor((a.at - from) / window);
    all.set(n, (all.get(n) ?? 0) + 1);
    if (a.endpoint === endpoint) own.set(n, (own.get(n) ?? 0) + 1);
  }
  for (const [n, count] of all) if ((own.get(n) ?? 0) >= share * count) return (n + 1) * window;
  return Infinity;
}

const ms = (value: number) => (value < 1000 ? `${value.toFixed(0)} ms` : `${(value / 1000).toFixed(1)} s`);
const percent = (value: number, digits: number) => `${(value * 100).toFixed(digits)}%`;

export const simulation: Bench = async (_options, _scope, note) => {
  const outcomes = Object.entries(STRATEGIES).map(([name, lb]) => [name, simulateStrategy(lb, 1)] as const);
  note(
    '| strategy | p50 | p99 | p99.9 | within 1 s | share of the slow endpoint | recovered after | new endpoint has half its share after |',
  );
  for (const [name, o] of outcomes) {
    const latencies = [o.p50, o.p99, o.p999].map(ms).join(' | ');
    const back = o.recovery === Infinity ? 'more than 50 s' : ms(o.recovery);
    note(`| ${name} | ${latencies} | ${percent(o.success, 2)} | ${percent(o.slowShare, 2)} | ${back} | ${ms(o.joining)} |`);
  }
  const of = Object.fromEntries(outcomes);
  const best = Math.min(...outcomes.map(([, { p99 }]) => p99));
  const { PeakEWMA: peak, LeastRequest: least } = of as Record<'PeakEWMA' | 'LeastRequest', SimulationResult>;
  const slowestJoin = Math.max(...outcomes.map(([, { joining }]) => joining));
  const rows: Row[] = [
    { what: 'Simulation, PeakEWMA: p99', number: ms(peak.p99), bound: { text: 'the best', met: peak.p99 === best } },
    within('PeakEWMA', peak, 0.999),
    within('LeastRequest', least, 0.99),
    {
      what: 'Simulation, every strategy: a new endpoint has half of its share',
      number: ms(slowestJoin),
      bound: { text: '≤ 1 s', met: slowestJoin <= 1000 },
    },
  ];
  return rows;
};

function within(name: string, { success }: SimulationResult, least: number): Row {
  const bound = { text: `≥ ${percent(least, 1)}`, met: success >= least };
  return { what: `Simulation, ${name}: response within 1 s`, number: percent(success, 2), bound };
}
