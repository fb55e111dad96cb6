/**
 * `npm run bench [-- NAME…] [--rounds N] [--seconds N]`: measures one after the other, prints one table, fails when a bound is missed.
 * The table is Markdown, as test/bench/README.md holds it.
 */
import { parseArgs } from 'node:util';
import type { Bench, Options } from './bench.ts';
import { ensureBundles } from './bundles.ts';
import { cpu } from './cpu.ts';
import { inject } from './inject.ts';
import { kills } from './kills.ts';
import { memory } from './memory.ts';
import { propagation } from './propagation.ts';
import { rolling } from './rolling.ts';
import { routing } from './routing.ts';
import { positive, printTable, runAll, usage, type Measurement } from './runner.ts';
import { scrape } from './scrape.ts';
import { simulation } from './simulation.ts';
import { strategies } from './strategies.ts';

const BENCHES: Readonly<Record<string, Bench>> = {
  routing,
  strategies,
  simulation,
  cpu,
  propagation,
  rolling,
  kills,
  inject,
  memory,
  scrape,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string' }, seconds: { type: 'string' } },
});
const unknown = positionals.filter((name) => !(name in BENCHES));
if (unknown.length > 0) usage(`no such benchmark: ${unknown.join(', ')}; there are: ${Object.keys(BENCHES).join(', ')}`);
const options: Options = { rounds: positive(values, 'rounds'), seconds: positive(values, 'seconds') };

ensureBundles();
const chosen = Object.entries(BENCHES).filter(([name]) => positionals.length === 0 || positionals.includes(name));
const measurements = chosen.map(([name, bench]): [string, Measurement] => [name, (scope, note) => bench(options, scope, note)]);
const rows = await runAll(new Map(measurements));
printTable(rows, options.rounds !== undefined || options.seconds !== undefined);
