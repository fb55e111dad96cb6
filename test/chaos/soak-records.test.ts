import assert from 'node:assert/strict';
import test from 'node:test';
import { SoakSamples, SoakTally } from './soak-records.ts';

test('the means of each fifth of a run; the last one also has what comes late', () => {
  const samples = new SoakSamples(1000);
  for (const [elapsed, megabytes] of [
    [0, 1],
    [199, 3],
    [200, 10],
    [999, 20],
    [1005, 40],
  ] as const)
    samples.add(elapsed, { megabytes, sockets: megabytes + 1 });
  assert.deepEqual(
    [0, 1, 4].map((fifth) => samples.mean('megabytes', fifth)),
    [2, 10, 30],
  );
  assert.equal(samples.mean('sockets', 0), 3);
  assert.ok(Number.isNaN(samples.mean('sockets', 2)));
});

test('the worst part is the one with the most failures, then with the highest p99', () => {
  const tally = new SoakTally();
  const part = (failed: number, p99: number) => ({ sent: 10, failed, p50: 1, p99, p999: p99, max: p99 });
  for (const [failed, p99] of [
    [0, 5],
    [0, 9],
    [0, 7],
  ] as const)
    tally.add(part(failed, p99));
  assert.equal(tally.worst?.p99, 9);
  tally.add(part(2, 1));
  tally.add(part(0, 90));
  assert.deepEqual([tally.worst, tally.sent, tally.failed, tally.parts], [part(2, 1), 50, 2, 5]);
});
