/** Runs measurements one after the other, and prints what they found as one Markdown table. */
import { cpus, loadavg } from 'node:os';
import type { Row } from './bench.ts';
import { Scope } from './cleanup.ts';

/** Leaves what must be undone in the scope. `note` prints while it runs. */
export type Measurement = (scope: Scope, note: (text: string) => void) => Promise<readonly Row[]>;

/** Each in a scope of its own, which ends before the next begins, and at a signal. What throws is a row that missed its bound. */
export async function runAll(measurements: ReadonlyMap<string, Measurement>): Promise<readonly Row[]> {
  let scope = new Scope();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => void scope.end().then(() => process.exit(1)));
  }
  const rows: Row[] = [];
  for (const [name, measure] of measurements) {
    scope = new Scope();
    rows.push(...(await runOne(name, measure, scope)));
  }
  return rows;
}

async function runOne(name: string, measure: Measurement, scope: Scope): Promise<readonly Row[]> {
  const note = (text: string) => console.log(`${name}: ${text}`);
  note(`load average ${loadavg()[0]?.toFixed(2)}`);
  const began = performance.now();
  try {
    return await measure(scope, note);
  } catch (error) {
    if (scope.over) await new Promise(() => undefined); // a signal has come, and ends the process when everything is undone
    console.error(error);
    return [{ what: name, number: (error as Error).message, bound: { text: 'a result', met: false } }];
  } finally {
    await scope.end();
    note(`took ${((performance.now() - began) / 1000).toFixed(0)} s`);
  }
}

/** The exit code is 1 when a bound was missed. */
export function printTable(rows: readonly Row[], shortened: boolean): void {
  const load = loadavg()[0]?.toFixed(2);
  console.log(
    `\n${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}, load average ${load}${shortened ? '; SHORTENED, not the numbers of record' : ''}\n`,
  );
  console.log(['| what | number | bound | |', '|---|---|---|---|', ...rows.map(line)].join('\n'));
  process.exitCode = rows.some(({ bound }) => bound?.met === false) ? 1 : 0;
}

function line({ what, number, bound }: Row): string {
  return `| ${what} | ${number} | ${bound?.text ?? ''} | ${bound ? (bound.met ? 'met' : '**missed**') : ''} |`;
}

/** A whole number above 0 from the command line; undefined where it is absent. Ends the process when it is none. */
export function positive(flags: Readonly<Record<string, unknown>>, name: string): number | undefined {
  const text = flags[name];
  if (text === undefined) return undefined;
  if (typeof text === 'string' && /^[1-9]\d{0,5}$/.test(text)) return Number(text);
  return usage(`--${name} must be a whole number above 0`);
}

export function usage(problem: string): never {
  console.error(problem);
  process.exit(2);
}
