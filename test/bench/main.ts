/**
 * `npm run bench [-- NAME…] [--rounds N] [--seconds N]`: measures one after the other, prints one table, fails when a bound is missed.
 * The table is Markdown, as test/bench/README.md holds it.
 */
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import type { Bench, Options, Row } from './bench.ts';
import { ensureBundles } from './bundles.ts';
import { cpu } from './cpu.ts';
import { kills } from './kills.ts';
import { memory } from './memory.ts';
import { propagation } from './propagation.ts';
import { rolling } from './rolling.ts';
import { routing } from './routing.ts';
import { Scope } from './scope.ts';
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
  memory,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string' }, seconds: { type: 'string' } },
});
const unknown = positionals.filter((name) => !(name in BENCHES));
if (unknown.length > 0) usage(`no such benchmark: ${unknown.join(', ')}; there are: ${Object.keys(BENCHES).join(', ')}`);
const options: Options = { rounds: positive('rounds'), seconds: positive('seconds') };
const shortened = options.rounds !== undefined || options.seconds !== undefined;

function usage(problem: string): never {
  console.error(problem);
  process.exit(2);
}

function positive(name: 'rounds' | 'seconds'): number | undefined {
  const text = values[name];
  if (text === undefined || /^[1-9]\d{0,5}$/.test(text)) return text === undefined ? undefined : Number(text);
  return usage(`--${name} must be a whole number above 0`);
}

let scope = new Scope();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => void scope.end().then(() => process.exit(1)));
}

async function run(name: string, bench: Bench): Promise<readonly Row[]> {
  const note = (text: string) => console.log(`${name}: ${text}`);
  note(`load average ${loadavg()[0]?.toFixed(2)}`);
  scope = new Scope();
  try {
    return await bench(options, scope, note);
  } catch (error) {
    if (scope.over) await new Promise(() => undefined); // a signal has come, and ends the process when everything is undone
    console.error(error);
    return [{ what: name, number: (error as Error).message, bound: { text: 'a result', met: false } }];
  } finally {
    await scope.end();
  }
}

function line({ what, number, bound }: Row): string {
  return `| ${what} | ${number} | ${bound?.text ?? ''} | ${bound ? (bound.met ? 'met' : '**missed**') : ''} |`;
}

ensureBundles();
const rows: Row[] = [];
for (const [name, bench] of Object.entries(BENCHES)) {
  if (positionals.length === 0 || positionals.includes(name)) rows.push(...(await run(name, bench)));
}
const load = loadavg()[0]?.toFixed(2);
const missed = rows.filter(({ bound }) => bound?.met === false);
console.log(
  `\n${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}, load average ${load}${shortened ? '; SHORTENED, not the numbers of record' : ''}\n`,
);
console.log(['| what | number | bound | |', '|---|---|---|---|', ...rows.map(line)].join('\n'));
process.exitCode = missed.length > 0 ? 1 : 0;
