/** Weights from the client's side: of requests one after the other, as a sidecar sends them, each backend answers its share. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endpoint, get, httpBackend, opener } from '../testing.ts';
import type { LoadBalancer } from '../snapshot/types.ts';

const { start, track } = opener();
const WEIGHTS = [3, 1, 1];
const HASH_ON = { type: 'Header', name: 'x-user' } as const;
/** 400 where turns are exact; four times as many where chance decides, so that five standard deviations are 6 points. */
const STRATEGIES: readonly (readonly [string, LoadBalancer, requests: number])[] = [
  ['WeightedRoundRobin', { type: 'WeightedRoundRobin' }, 400],
  ['LeastConnections', { type: 'LeastConnections' }, 400],
  ['LeastRequest', { type: 'LeastRequest' }, 1600],
  ['PeakEWMA', { type: 'PeakEWMA' }, 1600],
  ['Random', { type: 'Random' }, 1600],
  ['Maglev', { type: 'ConsistentHash', consistentHash: { algorithm: 'Maglev', tableSize: 65_537, hashOn: HASH_ON } }, 1600],
  ['Rendezvous', { type: 'ConsistentHash', consistentHash: { algorithm: 'Rendezvous', hashOn: HASH_ON } }, 1600],
];

/**
 * Requests by which a backend may differ from its share. Of 1600 independent draws the standard deviation is 19.6 requests for a
 * share of 60%, and 16 for 20%. More than five of them, 6.1 and 5 points, happen in one of 1.7 million runs.
 */
const allowed = (requests: number, share: number) => (requests === 400 ? 1 : 5 * Math.sqrt(requests * share * (1 - share)));

for (const [name, loadBalancer, requests] of STRATEGIES) {
  test(`${name}: ${requests} requests one after the other are shared as 3, 1 and 1`, async () => {
    const answered = WEIGHTS.map(() => 0);
    const backends = WEIGHTS.map(async (weight, i) => {
      const backend = track(
        await httpBackend((_req, res) => {
          answered[i]!++;
          res.end('ok');
        }),
      );
      return endpoint(backend.port, { weight });
    });
    // The latencies of all are equal by this clock: PeakEWMA would otherwise avoid a backend that the machine made wait.
    let now = 0;
    const proxy = await start({ endpoints: await Promise.all(backends), part: { loadBalancer }, now: () => now });
    for (let k = 0; k < requests; k++) {
      await get(proxy.port, '/', `X-User: user-${k}\r\n`);
      now += 10;
    }
    WEIGHTS.forEach((weight, i) => {
      const share = weight / 5;
      const off = Math.abs((answered[i] as number) - requests * share);
      assert.ok(off <= allowed(requests, share), answered.join());
    });
  });
}
