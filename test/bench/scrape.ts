/** Cost of a scrape of a proxy with many endpoints: time of its event loop, pauses of it, bytes. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { OBSERVE_PORT } from '../../proxy/snapshot/ports.ts';
import { AddressBlock } from '../local-cluster/pods.ts';
import type { Bench, Row } from './bench.ts';
import { startServer } from './child.ts';
import { whyNotPinned } from './cpu-affinity.ts';
import { startProxy } from './proxy-process.ts';
import { hostOf, snapshotContent } from './scrape-snapshot.ts';
import type { Cleanup } from './cleanup.ts';
import { median, spread, type Spread } from './stats.ts';

const POLICIES = 50;
const ENDPOINTS = 20;
const PORT = 8080;
const ROUNDS = 7;
/** Duration of each measurement, and the number of scrapes in it (or none). */
const SECONDS = 3;
const SCRAPES = 16;
/** Interval between requests: light load. */
const REQUEST_INTERVAL_MS = 5;
/** Shortest time for which turns are measured. */
const TURNS_MS = 1000;
const BOUNDS = { ms: 50, turnMs: 10, bytes: 150_000 };

interface MeasuredProxy {
  readonly pid: number;
  /** URL of its metrics, without the path. */
  readonly observe: string;
  /** File that event-loop-turns.ts writes. */
  readonly turns: string;
}

interface TurnTimes {
  readonly with: number[];
  readonly without: number[];
}

export const scrape: Bench = async ({ rounds = ROUNDS, seconds = SECONDS }, cleanup, note) => {
  if (whyNotPinned !== undefined) note(`nothing is pinned to a CPU: ${whyNotPinned}`);
  const proxy = await startMeasuredProxy(cleanup);
  await activeTime(proxy, seconds, SCRAPES); // discarded: hot code is compiled in this time
  const costs: number[] = [];
  const turns: TurnTimes = { with: [], without: [] };
  for (let round = 1; round <= rounds; round += 1) {
    const without = await activeTime(proxy, seconds, 0);
    const cost = ((await activeTime(proxy, seconds, SCRAPES)) - without) / SCRAPES;
    costs.push(cost);
    turns.without.push(await longestTurn(proxy, 0));
    turns.with.push(await longestTurn(proxy, SCRAPES));
    const latest = `${turns.with.at(-1)?.toFixed(1)} ms, without scrapes ${turns.without.at(-1)?.toFixed(1)} ms`;
    note(`round ${round} of ${rounds}: ${cost.toFixed(1)} ms a scrape; longest turn ${latest}`);
  }
  return rowsOf(spread(costs), turns, await scrapeMetrics(proxy.observe));
};

const worstAndMedian = (values: readonly number[]) =>
  `${Math.max(...values).toFixed(1)} ms (rounds: ${median(values).toFixed(1)})`;

function rowsOf(cost: Spread, turns: TurnTimes, { text, bytes }: Awaited<ReturnType<typeof scrapeMetrics>>): Row[] {
  const what = `A full scrape of ${POLICIES} policies × ${ENDPOINTS} endpoints`;
  return [
    {
      what: `${what}: time of the event loop`,
      number: `${cost.median.toFixed(1)} ms (quartiles ${cost.low.toFixed(1)}–${cost.high.toFixed(1)})`,
      bound: { text: `≤ ${BOUNDS.ms} ms`, met: cost.median <= BOUNDS.ms },
    },
    {
      what: `${what}: CPU time of the longest turn of the event loop in ${turns.with.length * SCRAPES} of them`,
      number: `${worstAndMedian(turns.with)}; without scrapes ${worstAndMedian(turns.without)}`,
      bound: { text: `≤ ${BOUNDS.turnMs} ms`, met: Math.max(...turns.with) <= BOUNDS.turnMs },
    },
    {
      what: `${what}: bytes, gzip`,
      number: `${(bytes / 1000).toFixed(0)} kB (${text.split('\n').length} lines, ${(text.length / 1000).toFixed(0)} kB of text)`,
      bound: { text: `≤ ${BOUNDS.bytes / 1000} kB`, met: bytes <= BOUNDS.bytes },
    },
  ];
}

/** Starts the proxy, with requests to every endpoint. */
async function startMeasuredProxy(cleanup: Cleanup): Promise<MeasuredProxy> {
  const addresses = await AddressBlock.claim(process.env['OUTRIGGER_TEST_POD_PREFIX']);
  cleanup.defer(() => addresses.release());
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-bench-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const backends = Array.from({ length: ENDPOINTS }, () => addresses.take());
  const args = ['--port', String(PORT), ...backends.flatMap((backend) => ['--bind', backend])];
  const answers = async () => (await fetch(`http://${backends.at(-1)}:${PORT}/`)).ok;
  await startServer(cleanup, { program: 'test/bench/backend.ts', args, cpu: 'shared' }, answers);
  const address = addresses.take();
  const turns = join(folder, 'turns');
  const measured = {
    flags: ['--import', join(import.meta.dirname, 'event-loop-turns.ts')],
    env: { OUTRIGGER_TURNS_FILE: turns },
  };
  const proxy = await startProxy(cleanup, { address, port: PORT, backends, backendPort: PORT, ...measured });
  await proxy.push(snapshotContent(POLICIES, backends, PORT));
  startRequests(cleanup, address);
  await delay(POLICIES * ENDPOINTS * REQUEST_INTERVAL_MS); // every endpoint has had a request
  return { pid: proxy.pid, observe: `http://${address}:${OBSERVE_PORT}`, turns };
}

/** Sends requests to one policy after another; each policy rotates over its endpoints. */
function startRequests(cleanup: Cleanup, address: string): void {
  const agent = new Agent({ keepAlive: true });
  let n = 0;
  const timer = setInterval(() => {
    const sent = request({ host: address, port: PORT, agent, headers: { host: hostOf(n++ % POLICIES) } });
    sent
      .on('response', (response) => response.resume())
      .on('error', () => undefined)
      .end();
  }, REQUEST_INTERVAL_MS);
  cleanup.defer(() => {
    clearInterval(timer);
    agent.destroy();
  });
}

/** Milliseconds for which the event loop was active in `seconds`, with that many scrapes at even intervals, and two more that read the metric. */
async function activeTime({ observe }: MeasuredProxy, seconds: number, scrapes: number): Promise<number> {
  const first = activeIn((await scrapeMetrics(observe)).text);
  const began = performance.now();
  for (let i = 1; i <= scrapes; i += 1) {
    await delay(Math.max(0, began + (i * seconds * 1000) / (scrapes + 1) - performance.now()));
    await scrapeMetrics(observe);
  }
  await delay(Math.max(0, began + seconds * 1000 - performance.now()));
  const last = activeIn((await scrapeMetrics(observe)).text);
  return ((last - first) * seconds * 1000) / (performance.now() - began);
}

function activeIn(text: string): number {
  const found = /^outrigger_event_loop_active_seconds_total (\S+)$/m.exec(text);
  if (found === null) throw new Error('the proxy has no metric of the time of its event loop');
  return Number(found[1]) * 1000;
}

/** CPU time of the longest turn of the event loop, ms, in `TURNS_MS` or more with that many scrapes. */
async function longestTurn({ pid, observe, turns }: MeasuredProxy, scrapes: number): Promise<number> {
  await rm(turns, { force: true });
  process.kill(pid, 'SIGUSR2');
  const until = performance.now() + TURNS_MS;
  for (let i = 0; i < scrapes; i += 1) await scrapeMetrics(observe);
  await delay(Math.max(0, until - performance.now()));
  process.kill(pid, 'SIGUSR2');
  for (const deadline = performance.now() + 5000; performance.now() < deadline; await delay(20)) {
    const text = await readFile(turns, 'utf8').catch(() => '');
    if (text !== '') return Number(text);
  }
  throw new Error('event-loop-turns.ts has written no result');
}

/** Scrapes the metrics as Prometheus does, with gzip. */
async function scrapeMetrics(observe: string): Promise<{ text: string; bytes: number }> {
  const url = `${observe}/metrics`;
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers: { 'accept-encoding': 'gzip' }, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const body = Buffer.concat(chunks);
        resolve({ text: gunzipSync(body).toString(), bytes: body.length });
      });
    });
    sent.on('error', reject).end();
  });
}
