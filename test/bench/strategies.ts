/** The pure strategies: time per pick and per table, and how many keys a change moves. Each measurement takes well under a second. */
import { Affinity } from '../../proxy/balance/affinity.ts';
import type { Balancer, EndpointView } from '../../proxy/balance/balancer.ts';
import { hash64 } from '../../proxy/balance/hash.ts';
import { preferenceOf } from '../../proxy/balance/locality.ts';
import { createBalancer } from '../../proxy/balance/strategies.ts';
import { MaglevTables } from '../../proxy/balance/maglev-tables.ts';
import { Maglev } from '../../proxy/balance/maglev.ts';
import { Rendezvous } from '../../proxy/balance/rendezvous.ts';
import { equals, finishSteps, placesOf, seeded } from '../../proxy/balance/testing.ts';
import type { LoadBalancer, PlainStrategy } from '../../proxy/snapshot/types.ts';
import type { Bench, Row } from './bench.ts';

/** Elementary operations in a step, as in the proxy. */
const STEP = 1000;
const KEYS = Array.from({ length: 4096 }, (_, k) => `key-${String(k).padStart(12, '0')}`);

const ms = (value: number) => `${value.toFixed(value < 10 ? 2 : 0)} ms`;
const percent = (share: number) => `${(share * 100).toFixed(2)}%`;

/**
 * Milliseconds of the best of `tries` short runs: other processes can only add time, and some run will be undisturbed.
 */
function best(tries: number, work: () => void): number {
  let least = Infinity;
  for (let n = 0; n < tries; n++) {
    const start = performance.now();
    work();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

function row(what: string, value: number, show: (value: number) => string, limit?: number): Row {
  const number = show(value);
  return limit === undefined ? { what, number } : { what, number, bound: { text: `≤ ${show(limit)}`, met: value <= limit } };
}

/** Nanoseconds for pick, begin and end of one request, with 100 others in flight. Weights, if unequal, are 1 to 10. */
function perRequest(lb: LoadBalancer, n: number, unequal = false): number {
  const { type } = lb;
  const b = createBalancer(lb, 1, new MaglevTables(), preferenceOf(lb, { zone: 'zone-0', node: '' }, false));
  b.update(
    equals(n).map((e, i) => ({ ...e, zone: `zone-${i % 3}`, weight: unequal ? 1 + (i % 10) : 1 })),
    0,
  );
  finishSteps(b);
  const random = seeded(1);
  const c = { tried: [], now: 0, random, hash: hash64('a') };
  const inFlight = Array.from({ length: 100 }, () => b.begin(b.pick(c)));
  const rounds = type === 'WeightedRoundRobin' ? 1000 : 10_000;
  const elapsed = best(60, () => {
    for (let k = 0; k < rounds; k++) {
      c.now += 0.01;
      b.end(inFlight[k % 100] as object, true, 5, c.now);
      inFlight[k % 100] = b.begin(b.pick(c));
    }
  });
  return (elapsed * 1e6) / rounds;
}

const ns = (value: number) => `${value.toFixed(0)} ns`;

function requests(): Row[] {
  const bounds: Readonly<Record<PlainStrategy, readonly (number | undefined)[]>> = {
    RoundRobin: [],
    WeightedRoundRobin: [],
    Random: [],
    LeastRequest: [400, 400],
    PeakEWMA: [400, 400],
    LeastConnections: [undefined, 1500],
  };
  return Object.entries(bounds).flatMap(([type, limits]) =>
    // Smooth weighted round robin visits every endpoint at every pick: 10,000 would take too long here.
    [10, type === 'WeightedRoundRobin' ? 1000 : 10_000].map((n, i) => {
      const cost = perRequest({ type: type as PlainStrategy }, n);
      return row(`${type}: pick and release, ${n.toLocaleString('en')} endpoints`, cost, ns, limits[i]);
    }),
  );
}

function unequalWeights(): Row[] {
  const bounds = { LeastRequest: 400, PeakEWMA: 400, LeastConnections: 1500 } as const;
  return Object.entries(bounds).map(([type, limit]) => {
    const cost = perRequest({ type: type as keyof typeof bounds }, 10_000, true);
    return row(`${type}: pick and release, 10,000 endpoints of weights 1 to 10`, cost, ns, limit);
  });
}

function zoneAware(): Row[] {
  return [10, 10_000].map((n) => {
    const cost = perRequest({ type: 'LeastRequest', zoneAware: { minEndpoints: 1 } }, n);
    return row(`LeastRequest, zone-aware: pick and release, ${n.toLocaleString('en')} endpoints`, cost, ns, 400);
  });
}

function built(view: readonly EndpointView[], size: number): Maglev {
  const b = new Maglev(size, new MaglevTables());
  b.update(view);
  finishSteps(b);
  return b;
}

/** Each step does the same work in every build: the best of three, step by step, excludes the time of other processes. */
function steps(view: readonly EndpointView[], size: number): Float64Array {
  const builds = [1, 2, 3].map(() => {
    const b = new Maglev(size, new MaglevTables());
    b.update(view);
    const times: number[] = [];
    for (let done = false; !done;) {
      const start = performance.now();
      done = b.step(STEP);
      times.push(performance.now() - start);
    }
    return times;
  });
  return Float64Array.from(builds[0] as number[], (_, n) => Math.min(...builds.map((times) => times[n] as number)));
}

function builds(): Row[] {
  const view = equals(1000);
  const small = best(20, () => built(view, 65_537));
  const large = steps(view, 5_000_011);
  return [
    row('Maglev: 65,537 slots, 1,000 endpoints', small, ms, 10),
    row(
      'Maglev: 5,000,011 slots, 1,000 endpoints, in steps',
      large.reduce((sum, step) => sum + step, 0),
      ms,
      1500,
    ),
    row('… its longest step', Math.max(...large), ms, 5),
  ];
}

function lookups(): Row[] {
  const view = equals(1000);
  const limits = { maxEntries: 65_536, idleTimeout: 60_000, drain: 30_000 };
  const rendezvous = new Rendezvous();
  const bound = new Affinity(built(view, 65_537), limits);
  for (const b of [rendezvous, bound]) {
    b.update(view, 0);
    finishSteps(b);
  }
  const all: readonly (readonly [string, Balancer, number?])[] = [
    ['Maglev', built(view, 65_537), 150],
    ['Rendezvous', rendezvous],
    ['Maglev behind an affinity table', bound],
  ];
  for (const key of KEYS) bound.end(bound.begin(0, hash64(key)), true, 1, 0);
  return all.map(([name, b, limit]) => {
    const c = { tried: [], now: 0, random: () => 0, hash: hash64('') };
    const rounds = 20_000;
    const elapsed = best(60, () => {
      for (let k = 0; k < rounds; k++) {
        c.hash = hash64(KEYS[k & 4095] as string);
        b.pick(c);
      }
    });
    return row(`${name}: lookup, with hashing 16 bytes`, (elapsed * 1e6) / rounds, ns, limit);
  });
}

/** Share of the keys of other endpoints that removing `e500` moves. */
function moved(b: Balancer): number {
  const view = equals(1000);
  const left = view.filter(({ id }) => id !== 'e500');
  const [before, after] = [view, left].map((v) => {
    b.update(v, 0);
    finishSteps(b);
    return placesOf(b, v, 100_000);
  }) as [string[], string[]];
  const others = before.filter((id) => id !== 'e500').length;
  return before.filter((id, k) => id !== 'e500' && id !== after[k]).length / others;
}

function largestShare(): number {
  const view = equals(100);
  const seen = new Map<string, number>();
  const b = built(view, 65_537);
  const rounds = 65_537 * 8;
  for (let low = 0; low < rounds; low++) {
    const id = view[b.pick({ tried: [], now: 0, random: () => 0, hash: { high: low, low } })]?.id ?? '';
    seen.set(id, (seen.get(id) ?? 0) + 1);
  }
  return (Math.max(...seen.values()) * 100) / rounds;
}

/** Megabytes of the tables of 500 pools of 20; every fifth is equal to another. */
function memoryOfPools(): number {
  const tables = new MaglevTables();
  const before = process.memoryUsage().arrayBuffers;
  const pools = Array.from({ length: 500 }, (_, p) => {
    const b = new Maglev(65_537, tables);
    const name = `service-${p - (p % 5 === 4 ? 1 : 0)}`;
    b.update(equals(20).map((e) => ({ ...e, hashKey: `${name}-${e.hashKey}` })));
    finishSteps(b);
    return b;
  });
  const bytes = process.memoryUsage().arrayBuffers - before;
  // The tables must be alive until here.
  return pools.every((b) => b.step(0)) ? bytes / 1e6 : NaN;
}

export const strategies: Bench = async (_options, _scope, note) => {
  note('the best of many short runs');
  return [
    ...requests(),
    ...unequalWeights(),
    ...zoneAware(),
    ...builds(),
    ...lookups(),
    row('Maglev: largest share of 100 endpoints, of the mean', largestShare(), (v) => v.toFixed(3), 1.05),
    row('Maglev: keys of others that removing 1 of 1,000 moves', moved(new Maglev(65_537, new MaglevTables())), percent, 0.01),
    row('Rendezvous: keys of others that removing 1 of 1,000 moves', moved(new Rendezvous()), percent, 0),
    row('Maglev: tables of 500 pools of 20, a fifth equal', memoryOfPools(), (v) => `${v.toFixed(0)} MB`, 80),
  ];
};
