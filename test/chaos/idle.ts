/** Ten thousand clients that keep their connections and do nothing: what they cost, and whether an active client feels them. */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Row } from '../bench/bench.ts';
import { startChild } from '../bench/child.ts';
import { residentBytes } from '../bench/process-stats.ts';
import { summarise, type Summary } from '../bench/rate-report.ts';
import { runRate } from '../bench/run-rate.ts';
import { Scope } from '../bench/scope.ts';
import { median } from '../bench/stats.ts';
import { startBehindProxy } from './backend-faults.ts';
import type { Chaos } from './chaos.ts';
import { ms } from './verdict.ts';

const CLIENTS = 10_000;
/** The active clients come on top. */
const MAX_CONNECTIONS = 12_000;
const PAIRS = 5;
const SECONDS = 4;
const WARM_UP_SECONDS = 3;
const RATE = 300;
const CONNECTIONS = 8;
/** 10⁶ bytes. */
const MAX_MEGABYTES = 300;
const MAX_RATIO = 1.2;
/** Of 127.N.0.0/16, from where nobody else comes; a block for each round, since a closed connection's port rests for a minute. */
const SOURCES = 20;

export const idle: Chaos = async ({ seconds = SECONDS }, scope, note) => {
  const { target, proxy } = await startBehindProxy(scope, 2, {}, ['--max-connections', String(MAX_CONNECTIONS)]);
  const measure = async (length: number) =>
    summarise(await runRate(scope, { targets: [target], rate: RATE, connections: CONNECTIONS, seconds: length, place: 'rest' }));
  await measure(WARM_UP_SECONDS);
  const alone: Summary[] = [];
  const among: Summary[] = [];
  let highest = 0;
  for (let pair = 0; pair < PAIRS; pair += 1) {
    alone.push(await measure(seconds));
    const inner = new Scope();
    scope.defer(() => inner.end());
    await openClients(inner, target, SOURCES + pair);
    among.push(await measure(seconds));
    highest = Math.max(highest, residentBytes(proxy.pid) / 1e6);
    await inner.end();
    note(
      `pair ${pair + 1} of ${PAIRS}: p99 ${ms(alone.at(-1)?.p99 ?? NaN)} ms alone, ${ms(among.at(-1)?.p99 ?? NaN)} ms among idle ones`,
    );
  }
  return rowsOf(alone, among, highest);
};

/** Resolves when all are connected and answered. The scope's end finds all of them still connected, or fails. */
async function openClients(scope: Scope, target: string, source: number): Promise<void> {
  const args = ['--target', target, '--count', String(CLIENTS), '--first-source', String(source)];
  const child = startChild({ program: 'test/chaos/idle-clients.ts', args, place: 'rest' }, ['ignore', 'pipe', 'inherit']);
  const gone = once(child, 'exit');
  scope.defer(async () => {
    if (child.exitCode !== null) throw new Error('an idle client lost its connection');
    child.kill('SIGKILL');
    await gone;
  });
  const first = once(createInterface({ input: child.stdout as Readable }), 'line').then(([line]) => String(line));
  if ((await Promise.race([first, gone.then(() => undefined)])) !== 'open')
    throw new Error(`not all of ${CLIENTS} clients got in`);
}

function rowsOf(alone: readonly Summary[], among: readonly Summary[], highest: number): readonly Row[] {
  const [without, beside] = [alone, among].map((each) => median(each.map(({ p99 }) => p99))) as [number, number];
  const noise = Math.max(...alone.map(({ p99 }) => p99)) / without;
  const bound = Math.max(MAX_RATIO, noise);
  const ratio = beside / without;
  const failed = [...alone, ...among].reduce((sum, summary) => sum + summary.failed, 0);
  return [
    {
      what: `resident memory with ${CLIENTS} idle clients`,
      number: `${highest.toFixed(0)} MB`,
      bound: { text: `≤ ${MAX_MEGABYTES} MB`, met: highest <= MAX_MEGABYTES },
    },
    {
      what: `p99 of an active client among them ÷ without them, medians of ${alone.length} pairs`,
      number: `${ratio.toFixed(2)} (${ms(beside)} ÷ ${ms(without)} ms); ${failed} failed; highest ÷ median without them: ${noise.toFixed(2)}`,
      bound: { text: `0 failed; ≤ ${MAX_RATIO}, or what pairs without them differ by`, met: failed === 0 && ratio <= bound },
    },
  ];
}
