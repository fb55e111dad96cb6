/** Weights are shares: with equal latencies an endpoint gets the part of the requests that its weight is of all weights. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Balancer, EndpointView, Handle } from './balancer.ts';
import { createBalancer } from './strategies.ts';
import { MaglevTables } from './maglev-tables.ts';
import { finishSteps, seeded } from './testing.ts';
import { SlowStart } from '../resilience/slow-start.ts';
import { PLAIN_STRATEGIES } from '../snapshot/load-balancer.ts';
import type { ConsistentHash, LoadBalancer } from '../snapshot/load-balancer.ts';

const PICKS = 20_000;
/** Points by which a share may differ from its weight. Chance alone: 1.4 at most, four standard deviations of a share of a half. */
const POINTS = 3;
const IN_FLIGHT = [0, 1, 3, 30];
const LATENCY_MS = 10;

/** A new hash does not compile without an entry here. */
const HASHES: Readonly<Record<ConsistentHash['algorithm'], ConsistentHash>> = {
  Maglev: { algorithm: 'Maglev', tableSize: 65_537, hashOn: { type: 'SourceIP' } },
  Rendezvous: { algorithm: 'Rendezvous', hashOn: { type: 'SourceIP' } },
};
/** RoundRobin alone ignores weights. */
const WEIGHTED = PLAIN_STRATEGIES.filter((type) => type !== 'RoundRobin');
const STRATEGIES: Readonly<Record<string, LoadBalancer>> = {
  ...Object.fromEntries(WEIGHTED.map((type) => [type, { type }])),
  ...Object.fromEntries(
    Object.entries(HASHES).map(([name, consistentHash]) => [name, { type: 'ConsistentHash', consistentHash }]),
  ),
};

interface Member extends EndpointView {
  readonly usable: boolean;
}

const members = (weights: readonly number[], random = () => 1): Member[] =>
  weights.map((weight, i) => ({ id: `e${i}`, hashKey: `pod-${i}:80`, weight, usable: random() >= 0.2 }));

/** The common cases, and those in which other rules were the most wrong. */
const CHOSEN = [
  [3, 1, 1],
  [1, 3],
  [1000, 1],
  [1000, 999],
  [1, 1, 1],
  [5, 1, 1, 1, 1, 1],
  [2, 734, 35, 337, 120, 7, 900],
  [1000, ...Array.from({ length: 49 }, () => 1)],
  [1000, ...Array.from({ length: 49 }, () => 20)],
].map((weights) => members(weights));
/** Most of the weight is not usable. */
CHOSEN.push([...members([3, 1, 1]), { id: 'out', hashKey: 'out:80', weight: 1000, usable: false }]);

/** From 1 to 1000, few or many of them, a fifth of them not usable. */
function randomMembers(random: () => number): Member[] {
  const kinds = [() => Math.ceil(1000 ** random()), () => 1 + Math.floor(random() * 1000), () => 1 + Math.floor(random() * 3)];
  const kind = kinds[Math.floor(random() * kinds.length)] as () => number;
  const size = Math.floor(2 * 25 ** random());
  const given = members(
    Array.from({ length: size }, () => kind()),
    random,
  );
  return given.some(({ usable }) => usable) ? given : members(given.map(({ weight }) => weight));
}

function updated(b: Balancer, view: readonly Member[], now = 0): Balancer {
  b.update(view, now);
  finishSteps(b);
  view.forEach(({ usable }, i) => b.setUsable(i, usable));
  return b;
}

/** How many of the picks each endpoint got. At most `inFlight` requests are in flight: before a further one, the oldest ends. */
function count(b: Balancer, size: number, inFlight: number, random: () => number, start = 0, msPerPick = 1): number[] {
  const seen = Array.from({ length: size }, () => 0);
  const begun: Handle[] = [];
  for (let k = 0; k < PICKS; k++) {
    const now = start + k * msPerPick;
    const hash = { high: Math.floor(random() * 2 ** 32), low: Math.floor(random() * 2 ** 32) };
    const i = b.pick({ tried: [], now, random, hash });
    seen[i]!++;
    begun.push(b.begin(i, hash));
    if (begun.length > inFlight) b.end(begun.shift() as Handle, true, LATENCY_MS, now);
  }
  for (const h of begun) b.end(h, true, LATENCY_MS, start + PICKS * msPerPick);
  return seen;
}

function assertShares(seen: readonly number[], view: readonly Member[], what: string): void {
  const weightOf = ({ usable, weight }: Member) => (usable ? weight : 0);
  const total = view.reduce((sum, e) => sum + weightOf(e), 0);
  const picks = seen.reduce((sum, n) => sum + n, 0);
  view.forEach((e, i) => {
    const share = ((seen[i] as number) / picks) * 100;
    const wanted = (weightOf(e) / total) * 100;
    const weights = view.map(weightOf).join();
    assert.ok(Math.abs(share - wanted) <= POINTS, `${what}: ${share.toFixed(1)}% instead of ${wanted.toFixed(1)}% of ${weights}`);
  });
}

describe('shares follow weights, whatever is in flight', () => {
  Object.entries(STRATEGIES).forEach(([name, lb], n) => {
    test(name, () => {
      const random = seeded(n);
      for (const view of [...CHOSEN, ...Array.from({ length: 16 }, () => randomMembers(random))]) {
        for (const inFlight of IN_FLIGHT) {
          const b = updated(createBalancer(lb, 7, new MaglevTables()), view);
          assertShares(count(b, view.length, inFlight, random), view, `${inFlight} in flight`);
        }
      }
    });
  });

  test('PeakEWMA, also with pauses in which averages decay', () => {
    for (const view of CHOSEN) {
      for (const inFlight of IN_FLIGHT) {
        const b = updated(createBalancer({ type: 'PeakEWMA' }, 7, new MaglevTables()), view);
        assertShares(count(b, view.length, inFlight, seeded(4), 0, 250), view, `${inFlight} in flight`);
      }
    }
  });
});

for (const type of WEIGHTED) {
  test(`${type}: shares follow weights at every step of slow start`, () => {
    const slowStart = new SlowStart();
    slowStart.configure({ window: 16_000, aggression: 1, minWeightPercent: 10 });
    const endpoints = [3, 1, 1, 2, 1].map((weight, i) => {
      return {
        id: `e${i}`,
        weight,
        fullWeight: weight,
        usable: true,
        startedAt: [-Infinity, -Infinity, 0, 0, -7000][i] as number,
      };
    });
    const b = createBalancer({ type }, 7, new MaglevTables());
    const random = seeded(6);
    let now = 0;
    for (const elapsed of [0, 1000, 4000, 9000, 15_000, 16_000]) {
      slowStart.applyWeights(endpoints, elapsed);
      updated(b, endpoints, now);
      for (const inFlight of [0, 3]) {
        assertShares(count(b, 5, inFlight, random, now), endpoints, `${inFlight} in flight, after ${elapsed} ms`);
        now += PICKS;
      }
    }
  });

  describe(`${type}, zone-aware`, () => {
    const view = [3, 1, 1, 5, 2, 1, 1].map((weight, i) => {
      return { id: `e${i}`, weight, zone: i < 4 ? 'here' : 'there', usable: i !== 3 };
    });
    const make = (minEndpoints: number) =>
      updated(createBalancer({ type }, 7, new MaglevTables(), { by: 'zone', zone: 'here', node: '', minEndpoints }), view);

    test('shares follow weights among the endpoints of the zone, and among the others', () => {
      for (const inFlight of IN_FLIGHT) {
        // Half of the zone’s weight cannot be used, so part of the requests overflow.
        const seen = count(make(1), view.length, inFlight, seeded(8));
        for (const [from, to] of [
          [0, 4],
          [4, 7],
        ] as const)
          assertShares(seen.slice(from, to), view.slice(from, to), `${inFlight} in flight`);
      }
    });

    test('shares follow weights if no zone is preferred', () => {
      for (const inFlight of IN_FLIGHT)
        assertShares(count(make(5), view.length, inFlight, seeded(9)), view, `${inFlight} in flight`);
    });
  });
}
