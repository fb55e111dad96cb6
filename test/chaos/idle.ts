/**
 * Ten thousand idle clients that keep their connections: memory, also after they have disconnected and connected again, and whether they
 * slow an active client.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Row } from '../bench/bench.ts';
import { openClients } from '../bench/open-clients.ts';
import { openSockets, residentBytes } from '../bench/process-stats.ts';
import { summarise, type Summary } from '../bench/rate-report.ts';
import { runConstantRate } from '../bench/run-rate.ts';
import { median } from '../bench/stats.ts';
import { startBehindProxy } from './backend-faults.ts';
import type { Experiment } from './chaos.ts';
import { ms } from './result-row.ts';

const CLIENTS = 10_000;
/** The active clients are additional. */
const MAX_CONNECTIONS = 12_000;
/** How often all of them disconnect and as many connect. */
const RECONNECTS = 4;
const PAIRS = 5;
const SECONDS = 4;
const WARM_UP_SECONDS = 3;
const CHECK_MS = 50;
const RATE = 300;
const CONNECTIONS = 8;
/** 10⁶ bytes. */
const MAX_MEGABYTES = 300;
const MAX_RATIO = 1.2;

export const idle: Experiment = async ({ seconds = SECONDS }, cleanup, note) => {
  const args = ['--max-connections', String(MAX_CONNECTIONS)];
  // Two proxies, so that the clients need not reconnect between measurements.
  const [crowded, empty] = [await startBehindProxy(cleanup, 2, {}, args), await startBehindProxy(cleanup, 2, {}, args)];
  const measure = async ({ target }: { target: string }, length: number) => {
    const options = { targets: [target], rate: RATE, connections: CONNECTIONS, seconds: length, cpu: 'shared' } as const;
    return summarise(await runConstantRate(cleanup, options));
  };
  for (const each of [crowded, empty]) await measure(each, WARM_UP_SECONDS);
  let clients = await openClients(cleanup, crowded.target, CLIENTS);
  const alone: Summary[] = [];
  const among: Summary[] = [];
  for (let pair = 0; pair < PAIRS; pair += 1) {
    const both = [async () => alone.push(await measure(empty, seconds)), async () => among.push(await measure(crowded, seconds))];
    for (const one of pair % 2 === 0 ? both : both.toReversed()) await one();
    const p99 = [alone, among].map((each) => ms(each.at(-1)?.p99 ?? NaN)).join(' ms without, ');
    note(`pair ${pair + 1} of ${PAIRS}: p99 ${p99} ms with idle clients`);
  }
  const megabytes = [residentBytes(crowded.proxy.pid) / 1e6];
  for (let i = 0; i < RECONNECTS; i += 1) {
    await clients.disconnect();
    while (openSockets(crowded.proxy.pid) >= MAX_CONNECTIONS - CLIENTS) await pause(CHECK_MS);
    clients = await openClients(cleanup, crowded.target, CLIENTS);
    megabytes.push(residentBytes(crowded.proxy.pid) / 1e6);
  }
  await clients.disconnect();
  return [...memoryRows(megabytes), activeRow(alone, among)];
};

function memoryRows(megabytes: readonly number[]): readonly Row[] {
  const [first = NaN, ...later] = megabytes;
  const row = (what: string, number: number, more = ''): Row => ({
    what: `resident memory with ${CLIENTS} idle clients${what}`,
    number: `${number.toFixed(0)} MB${more}`,
    bound: { text: `≤ ${MAX_MEGABYTES} MB`, met: number <= MAX_MEGABYTES },
  });
  const each = later.map((one) => one.toFixed(0)).join(', ');
  return [row('', first), row(`, after all reconnected ${RECONNECTS} times`, Math.max(...later), ` (${each})`)];
}

function activeRow(alone: readonly Summary[], among: readonly Summary[]): Row {
  const [without, withIdle] = [alone, among].map((each) => median(each.map(({ p99 }) => p99))) as [number, number];
  const noise = Math.max(...alone.map(({ p99 }) => p99)) / without;
  const bound = Math.max(MAX_RATIO, noise);
  const ratio = withIdle / without;
  const failed = [...alone, ...among].reduce((sum, summary) => sum + summary.failed, 0);
  return {
    what: `p99 of an active client with idle clients ÷ without them, medians of ${alone.length} pairs`,
    number: `${ratio.toFixed(2)} (${ms(withIdle)} ÷ ${ms(without)} ms); ${failed} failed; highest ÷ median without them: ${noise.toFixed(2)}`,
    bound: { text: `0 failed; ≤ ${MAX_RATIO}, or the spread of measurements without them`, met: failed === 0 && ratio <= bound },
  };
}
