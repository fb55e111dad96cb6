/** `npm run chaos`: see HELP. */
import { parseArgs } from 'node:util';
import { ensureBundles } from '../bench/bundles.ts';
import { positive, printTable, runAll, usage, type Measurement } from '../bench/runner.ts';
import { backendFaults } from './backend-faults.ts';
import type { Experiment, Options } from './chaos.ts';
import { clusterFaults } from './cluster-faults.ts';
import { ejection } from './ejection.ts';
import { idle } from './idle.ts';
import { killRows } from './kill-rows.ts';
import { leaderRows } from './leader-kills.ts';
import { comparisonRows } from './comparison-rows.ts';
import { soak } from './soak.ts';

const ROWS: Readonly<Record<string, Experiment>> = {
  ...backendFaults,
  ...clusterFaults,
  ...killRows,
  ...leaderRows,
  ...comparisonRows,
  ejection,
  idle,
  soak,
};

const HELP = `npm run chaos [-- ROW…] [--seconds N] [--seed N]

Causes faults under load and prints what clients observed, one or more rows a fault. Exit code 1 when a bound is missed.

  ROW          any of: ${Object.keys(ROWS).join(', ')} (all of them)
  --seconds N  of each measurement; shorter runs are not comparable with the published numbers
  --seed N     seed of all random times and choices (1)
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string' }, seed: { type: 'string' }, help: { type: 'boolean', default: false } },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
const unknown = positionals.filter((name) => !(name in ROWS));
if (unknown.length > 0) usage(`no such row: ${unknown.join(', ')}\n\n${HELP}`);
const options: Options = { seconds: positive(values, 'seconds'), seed: positive(values, 'seed') ?? 1 };

ensureBundles();
const chosen = Object.entries(ROWS).filter(([name]) => positionals.length === 0 || positionals.includes(name));
const measurements = chosen.map(([name, run]): [string, Measurement] => [name, (cleanup, note) => run(options, cleanup, note)]);
printTable(await runAll(new Map(measurements)), options.seconds !== undefined);
