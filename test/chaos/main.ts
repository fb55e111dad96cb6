/** `npm run chaos`: see HELP. */
import { parseArgs } from 'node:util';
import { ensureBundles } from '../bench/bundles.ts';
import { positive, printTable, runAll, usage, type Measurement } from '../bench/runner.ts';
import { DOWNSTREAM_ENGINES, UPSTREAM_ENGINES } from '../../proxy/config.ts';
import { engineArgs, engineVariables } from '../local-cluster/engines.ts';
import { backendFaults } from './backend-faults.ts';
import type { Experiment, Options } from './chaos.ts';
import { clusterFaults } from './cluster-faults.ts';
import { ejection } from './ejection.ts';
import { idle } from './idle.ts';
import { killRows } from './kill-rows.ts';
import { leaderRows } from './leader-kills.ts';
import { comparisonRows } from './comparison-rows.ts';
import { SOAK_MINUTES, soak } from './soak.ts';

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

const HELP = `npm run chaos [-- ROW…] [--seconds N] [--seed N] [--soak-minutes N] [--downstream-engine NAME] [--upstream-engine NAME]

Causes faults under load and prints what clients observed, one or more rows a fault. Exit code 1 when a bound is missed.

  ROW          any of: ${Object.keys(ROWS).join(', ')} (all of them)
  --seconds N  of each measurement; shorter runs are not comparable with the published numbers
  --seed N     seed of all random times and choices (1)
  --soak-minutes N          of the row soak, which prints a line each minute (${SOAK_MINUTES}; 1440 is a day)
  --downstream-engine NAME  of the proxies: ${DOWNSTREAM_ENGINES.join(', ')} (the proxy's default)
  --upstream-engine NAME    of the proxies: ${UPSTREAM_ENGINES.join(', ')} (the proxy's default)
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string' },
    seed: { type: 'string' },
    'soak-minutes': { type: 'string' },
    'downstream-engine': { type: 'string' },
    'upstream-engine': { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
const unknown = positionals.filter((name) => !(name in ROWS));
if (unknown.length > 0) usage(`no such row: ${unknown.join(', ')}\n\n${HELP}`);
const options: Options = {
  seconds: positive(values, 'seconds'),
  soakMinutes: positive(values, 'soak-minutes'),
  seed: positive(values, 'seed') ?? 1,
};
/** The value of a flag that names an engine. */
function engine(flag: 'downstream-engine' | 'upstream-engine', names: readonly string[]): string | undefined {
  const name = values[flag];
  if (name !== undefined && !names.includes(name)) usage(`--${flag} must be one of ${names.join(', ')}`);
  return name;
}
const downstream = engine('downstream-engine', DOWNSTREAM_ENGINES);
const upstream = engine('upstream-engine', UPSTREAM_ENGINES);
// For every proxy that this process starts.
Object.assign(process.env, engineVariables({ downstream, upstream }));
if (engineArgs().length > 0) console.error(`proxies run with ${engineArgs().join(' ')}`);
ensureBundles();
const chosen = Object.entries(ROWS).filter(([name]) => positionals.length === 0 || positionals.includes(name));
const measurements = chosen.map(([name, run]): [string, Measurement] => [name, (cleanup, note) => run(options, cleanup, note)]);
const shortened = options.seconds !== undefined || (options.soakMinutes ?? SOAK_MINUTES) < SOAK_MINUTES;
printTable(await runAll(new Map(measurements)), shortened);
