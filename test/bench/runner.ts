/** Runs measurements one after the other, and prints their results as one Markdown table. */
import { cpus, loadavg } from 'node:os';
import type { Row } from './bench.ts';
import { Cleanup } from './cleanup.ts';

/** Measures, and registers what must be undone with `cleanup`. `note` prints progress. */
export type Measurement = (cleanup: Cleanup, note: (text: string) => void) => Promise<readonly Row[]>;

/** Each measurement has a cleanup, which runs before the next one starts, and on a signal. An error becomes a row that misses its bound. */
export async function runAll(measurements: ReadonlyMap<string, Measurement>): Promise<readonly Row[]> {
  let cleanup = new Cleanup();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => void cleanup.run().then(() => process.exit(1)));
  }
  const rows: Row[] = [];
  for (const [name, measure] of measurements) {
    cleanup = new Cleanup();
    rows.push(...(await runOne(name, measure, cleanup)));
  }
  return rows;
}

async function runOne(name: string, measure: Measurement, cleanup: Cleanup): Promise<readonly Row[]> {
  const note = (text: string) => console.log(`${name}: ${text}`);
  note(`load average ${loadavg()[0]?.toFixed(2)}`);
  const began = performance.now();
  try {
    return await measure(cleanup, note);
  } catch (error) {
    if (cleanup.started) await new Promise(() => undefined); // after a signal, which ends the process when the cleanup is complete
    console.error(error);
    return [{ what: name, number: (error as Error).message, bound: { text: 'a result', met: false } }];
  } finally {
    await cleanup.run();
    note(`took ${((performance.now() - began) / 1000).toFixed(0)} s`);
  }
}

/** The exit code is 1 when a bound was missed. */
export function printTable(rows: readonly Row[], shortened: boolean): void {
  const load = loadavg()[0]?.toFixed(2);
  console.log(
    `\n${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}, load average ${load}${shortened ? '; SHORTENED, not comparable with the published numbers' : ''}\n`,
  );
  console.log(['| what | number | bound | |', '|---|---|---|---|', ...rows.map(line)].join('\n'));
  process.exitCode = rows.some(({ bound }) => bound?.met === false) ? 1 : 0;
}

function line({ what, number, bound }: Row): string {
  return `| ${what} | ${number} | ${bound?.text ?? ''} | ${bound ? (bound.met ? 'met' : '**missed**') : ''} |`;
}

/** A whole number above 0 from the command line; undefined when absent. Ends the process when it is something else. */
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
