/** Two seconds of every fault of a backend; `npm run chaos` runs the same for longer. */
import assert from 'node:assert/strict';
import test, { before } from 'node:test';
import type { Row } from '../bench/bench.ts';
import { ensureBundles } from '../bench/bundles.ts';
import { Cleanup } from '../bench/cleanup.ts';
import { backendFaults } from '../chaos/backend-faults.ts';
import type { Experiment } from '../chaos/chaos.ts';
import { COMPETITORS, whyUnavailable } from '../chaos/competitors.ts';
import { ejection } from '../chaos/ejection.ts';
import { comparisonRows } from '../chaos/comparison-rows.ts';
import { external } from './platform.ts';

before(() => ensureBundles());

async function rowsOf(chaos: Experiment, seconds: number, note: (text: string) => void): Promise<readonly Row[]> {
  const scope = new Cleanup();
  try {
    return await chaos({ seconds, seed: 1 }, scope, note);
  } finally {
    await scope.run();
  }
}

const inWords = ({ what, number }: Row) => `${what}: ${number}`;

for (const [name, chaos] of Object.entries({ ...backendFaults, ejection })) {
  test(`${name}: no request fails`, { skip: external.ownCluster }, async (t) => {
    const rows = await rowsOf(chaos, 2, (text) => t.diagnostic(text));
    rows.forEach((row) => t.diagnostic(inWords(row)));
    assert.ok(rows.length > 0);
    assert.deepEqual(rows.filter(({ bound }) => bound?.met === false).map(inWords), []);
  });
}

const missing = COMPETITORS.map(whyUnavailable).find((problem) => problem !== undefined);
const skip = external.ownCluster || (missing ?? false);
test('compared with HAProxy and nginx: backends are killed in turn, and none of our requests fails', { skip }, async (t) => {
  const rows = await rowsOf(comparisonRows['beside-kill'], 1, (text) => t.diagnostic(text));
  rows.forEach((row) => t.diagnostic(inWords(row)));
  assert.equal(rows.length, COMPETITORS.length);
  assert.match(rows[0]?.number ?? '', /^0 of [1-9]\d+ failed/);
  for (const { number } of rows) assert.match(number, /^\d+ of [1-9]\d+ failed; p50 [\d.]+, p99 [\d.]+/);
});
