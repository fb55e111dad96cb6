/** `npm run bench`: see HELP. The table that it prints is Markdown, in the form of test/bench/README.md. */
import { parseArgs } from 'node:util';
import { accessLog } from './access-log.ts';
import type { Bench, Options } from './bench.ts';
import { ensureBundles } from './bundles.ts';
import { chunks } from './chunks.ts';
import { connections } from './connections.ts';
import { cpu } from './cpu.ts';
import { engines } from './engines.ts';
import { fleet } from './fleet.ts';
import { footprint } from './footprint.ts';
import { inject } from './inject.ts';
import { kills } from './kills.ts';
import { latency } from './latency.ts';
import { memory } from './memory.ts';
import { propagation } from './propagation.ts';
import { rolling } from './rolling.ts';
import { routing } from './routing.ts';
import { positive, printTable, runAll, usage, type Measurement } from './runner.ts';
import { scrape } from './scrape.ts';
import { simulation } from './simulation.ts';
import { slowBackend } from './slow-backend.ts';
import { status } from './status.ts';
import { strategies } from './strategies.ts';
import { traffic } from './traffic.ts';

const BENCHES: Readonly<Record<string, Bench>> = {
  routing,
  strategies,
  status,
  fleet,
  simulation,
  cpu,
  engines,
  traffic,
  connections,
  chunks,
  'access-log': accessLog,
  latency,
  'slow-backend': slowBackend,
  propagation,
  rolling,
  kills,
  inject,
  memory,
  footprint,
  scrape,
};

const HELP = `npm run bench [-- NAME…] [--rounds N] [--seconds N]

Runs benchmarks one after the other and prints one table. Exit code 1 when a bound is missed.

  NAME         any of: ${Object.keys(BENCHES).join(', ')} (all of them)
  --rounds N   of propagation: changes; of memory: starts; of all others: rounds
  --seconds N  of rolling and kills: the load; of memory: the idle time; of all others: each measurement
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string' }, seconds: { type: 'string' }, help: { type: 'boolean', default: false } },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
const unknown = positionals.filter((name) => !(name in BENCHES));
if (unknown.length > 0) usage(`no such benchmark: ${unknown.join(', ')}\n\n${HELP}`);
const options: Options = { rounds: positive(values, 'rounds'), seconds: positive(values, 'seconds') };

ensureBundles();
const chosen = Object.entries(BENCHES).filter(([name]) => positionals.length === 0 || positionals.includes(name));
const measurements = chosen.map(([name, bench]): [string, Measurement] => [
  name,
  (cleanup, note) => bench(options, cleanup, note),
]);
const rows = await runAll(new Map(measurements));
printTable(rows, options.rounds !== undefined || options.seconds !== undefined);
