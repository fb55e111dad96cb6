/** `npm run chaos`: see HELP. */
import { parseArgs } from 'node:util';
import { seeded } from '../../proxy/balance/testing.ts';
import { Harness } from '../integration/harness.ts';
import { Churn } from './churn.ts';
import { killRepeatedly, VICTIMS, type Outcome } from './kills.ts';

const HELP = `npm run chaos [-- --kills N --seed S --only ${VICTIMS.join('|')}]

Kills the operator, the API server and the proxies of a local cluster, each N times (20) at instants that the seed (1) decides,
while policies and endpoints change and clients ask. Fails when a request to a survivor fails, or when not everything has
converged, by itself, 15 s after what was killed is back. Times are from that moment on.
`;

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const [kills, seed] = [Number(values.kills), Number(values.seed)];
const chosen = VICTIMS.filter((victim) => values.only === undefined || values.only === victim);
if (values.help || !(Number.isInteger(kills) && kills > 0) || !Number.isInteger(seed) || chosen.length === 0) {
  console.log(HELP);
  process.exit(values.help ? 0 : 2);
}

const harness = await Harness.start();
try {
  const churn = await Churn.start(harness, seeded(seed));
  console.log(`seed ${seed}\n${row('killed', 'kills', 'requests', 'failed', 'converged p50', 'max')}`);
  for (const victim of chosen) report(await killRepeatedly(harness, churn, victim, kills, seeded(seed)));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
} finally {
  await harness.stop();
}

function report({ victim, kills: count, requests, failed, converged }: Outcome): void {
  const sorted = [...converged].sort((a, b) => a - b);
  const seconds = (ms = 0) => `${(ms / 1000).toFixed(2)} s`;
  const p50 = sorted[Math.floor(sorted.length / 2)];
  console.log(row(victim, count, requests, failed.length, seconds(p50), seconds(sorted.at(-1))));
  for (const problem of failed.slice(0, 10)) console.log(`  ${problem}`);
  if (failed.length > 0) process.exitCode = 1;
}

function row(name: string, ...cells: (string | number)[]): string {
  return name.padEnd(12) + cells.map((cell) => String(cell).padStart(15)).join('');
}
