/** A few SIGKILLs of operator, API server and proxies; `npm run chaos` runs more of them. */
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { seeded } from '../../proxy/balance/testing.ts';
import { Churn } from '../chaos/churn.ts';
import { killRepeatedly, VICTIMS } from '../chaos/kills.ts';
import { Harness } from './harness.ts';
import { external } from './platform.ts';

const KILLS = 3;
const SEED = 1;
let harness: Harness;
let churn: Churn;
before(async () => {
  harness = await Harness.start();
  churn = await Churn.start(harness, seeded(SEED));
});
after(() => harness.stop());

for (const victim of VICTIMS) {
  const skip = victim === 'apiserver' && external.killApiServer;
  test(`${victim} killed ${KILLS} times: the others serve every request, and everything converges again`, { skip }, async (t) => {
    const { requests, failed, converged } = await killRepeatedly(harness, churn, victim, KILLS, seeded(SEED));
    t.diagnostic(`${requests} requests; converged after ${converged.map(Math.round).join(', ')} ms`);
    assert.deepEqual(failed, []);
    assert.ok(requests > 0);
  });
}
