/** What a scrape of a proxy with many endpoints costs its requests: time of the event loop, pauses, bytes. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import type { SnapshotContent } from '../../operator/translate/types.ts';
import { digest } from '../../proxy/snapshot/canonical.ts';
import type { ActiveCheck } from '../../proxy/snapshot/health-check.ts';
import { OBSERVE_PORT } from '../../proxy/snapshot/ports.ts';
import type { PoolPart, Route } from '../../proxy/snapshot/types.ts';
import { PASSIVE, RETRY, TIMEOUTS } from '../../proxy/testing.ts';
import { AddressBlock } from '../local-cluster/pods.ts';
import type { Bench, Row } from './bench.ts';
import { startServer } from './child.ts';
import { pinningProblem } from './cpu-affinity.ts';
import { startProxy } from './proxy-process.ts';
import type { Scope } from './cleanup.ts';
import { median, spread, type Spread } from './stats.ts';

const POLICIES = 50;
const ENDPOINTS = 20;
const PORT = 8080;
const ROUNDS = 7;
/** Each measurement, and how many scrapes there are in it, or none. */
const SECONDS = 3;
const SCRAPES = 16;
/** One request each; light load. */
const EVERY_MS = 5;
/** At least, of looking at turns. */
const TURNS_MS = 1000;
const BOUNDS = { ms: 50, turnMs: 10, bytes: 150_000 };

interface Busy {
  readonly pid: number;
  /** Origin of its metrics. */
  readonly observe: string;
  /** Where event-loop-turns.ts writes. */
  readonly turns: string;
}

interface Turns {
  readonly with: number[];
  readonly without: number[];
}

export const scrape: Bench = async ({ rounds = ROUNDS, seconds = SECONDS }, scope, note) => {
  if (pinningProblem !== undefined) note(`nothing is pinned to a CPU: ${pinningProblem}`);
  const proxy = await startBusyProxy(scope);
  await activeMs(proxy, seconds, SCRAPES); // until hot code is compiled
  const costs: number[] = [];
  const turns: Turns = { with: [], without: [] };
  for (let round = 1; round <= rounds; round += 1) {
    const without = await activeMs(proxy, seconds, 0);
    const cost = ((await activeMs(proxy, seconds, SCRAPES)) - without) / SCRAPES;
    costs.push(cost);
    turns.without.push(await longestTurn(proxy, 0));
    turns.with.push(await longestTurn(proxy, SCRAPES));
    const latest = `${turns.with.at(-1)?.toFixed(1)} ms, else ${turns.without.at(-1)?.toFixed(1)} ms`;
    note(`round ${round} of ${rounds}: ${cost.toFixed(1)} ms a scrape; longest turn ${latest}`);
  }
  return rowsOf(spread(costs), turns, await take(proxy.observe));
};

const worstAndMedian = (values: readonly number[]) =>
  `${Math.max(...values).toFixed(1)} ms (rounds: ${median(values).toFixed(1)})`;

function rowsOf(cost: Spread, turns: Turns, { text, bytes }: Awaited<ReturnType<typeof take>>): Row[] {
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

/** The proxy with every endpoint in use. */
async function startBusyProxy(scope: Scope): Promise<Busy> {
  const addresses = await AddressBlock.claim(process.env['OUTRIGGER_TEST_POD_PREFIX']);
  scope.defer(() => addresses.release());
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-bench-'));
  scope.defer(() => rm(folder, { recursive: true, force: true }));
  const backends = Array.from({ length: ENDPOINTS }, () => addresses.take());
  const args = ['--port', String(PORT), ...backends.flatMap((backend) => ['--bind', backend])];
  const answers = async () => (await fetch(`http://${backends.at(-1)}:${PORT}/`)).ok;
  await startServer(scope, { program: 'test/bench/backend.ts', args, place: 'rest' }, answers);
  const address = addresses.take();
  const turns = join(folder, 'turns');
  const measured = {
    flags: ['--import', join(import.meta.dirname, 'event-loop-turns.ts')],
    env: { OUTRIGGER_TURNS_FILE: turns },
  };
  const proxy = await startProxy(scope, { address, port: PORT, backends, backendPort: PORT, ...measured });
  await proxy.push(contentOf(backends));
  keepAsking(scope, address);
  await delay(POLICIES * ENDPOINTS * EVERY_MS); // until every endpoint had a request
  return { pid: proxy.pid, observe: `http://${address}:${OBSERVE_PORT}`, turns };
}

const hostOf = (policy: number) => `shop-${policy}.example`;

/** A policy after the other; each takes its endpoints in turn. */
function keepAsking(scope: Scope, address: string): void {
  const agent = new Agent({ keepAlive: true });
  let n = 0;
  const timer = setInterval(() => {
    const sent = request({ host: address, port: PORT, agent, headers: { host: hostOf(n++ % POLICIES) } });
    sent
      .on('response', (response) => response.resume())
      .on('error', () => undefined)
      .end();
  }, EVERY_MS);
  scope.defer(() => {
    clearInterval(timer);
    agent.destroy();
  });
}

/** Of the event loop at work, in `seconds` with that many scrapes evenly in them, beside the two that read the numbers. */
async function activeMs({ observe }: Busy, seconds: number, scrapes: number): Promise<number> {
  const first = activeIn((await take(observe)).text);
  const began = performance.now();
  for (let i = 1; i <= scrapes; i += 1) {
    await delay(Math.max(0, began + (i * seconds * 1000) / (scrapes + 1) - performance.now()));
    await take(observe);
  }
  await delay(Math.max(0, began + seconds * 1000 - performance.now()));
  const last = activeIn((await take(observe)).text);
  return ((last - first) * seconds * 1000) / (performance.now() - began);
}

function activeIn(text: string): number {
  const found = /^outrigger_event_loop_active_seconds_total (\S+)$/m.exec(text);
  if (found === null) throw new Error('the proxy does not tell how long its event loop was at work');
  return Number(found[1]) * 1000;
}

/** CPU time of the longest turn of the event loop, ms, in a second or more with that many scrapes. */
async function longestTurn({ pid, observe, turns }: Busy, scrapes: number): Promise<number> {
  await rm(turns, { force: true });
  process.kill(pid, 'SIGUSR2');
  const until = performance.now() + TURNS_MS;
  for (let i = 0; i < scrapes; i += 1) await take(observe);
  await delay(Math.max(0, until - performance.now()));
  process.kill(pid, 'SIGUSR2');
  for (const deadline = performance.now() + 5000; performance.now() < deadline; await delay(20)) {
    const text = await readFile(turns, 'utf8').catch(() => '');
    if (text !== '') return Number(text);
  }
  throw new Error('the proxy did not tell its longest turn');
}

/** As Prometheus does it. */
async function take(observe: string): Promise<{ text: string; bytes: number }> {
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

let generation = 0;

function contentOf(backends: readonly string[]): SnapshotContent {
  generation += 1;
  const routes: Route[] = [];
  const parts = new Map<string, PoolPart>();
  const pools: { id: string; digest: string }[] = [];
  for (let i = 0; i < POLICIES; i += 1) {
    const policy = `team-${i % 7}/shop-${i}`;
    const id = `${policy}/team-${i % 7}/shop-${i}:80`;
    const part = partOf(backends, `shop-${i}`);
    parts.set(digest(part), part);
    pools.push({ id, digest: digest(part) });
    routes.push(routeOf(policy, id, hostOf(i)));
  }
  const generations = new Map(routes.map(({ policy }) => [policy, generation]));
  return { listeners: [{ port: PORT, protocol: 'HTTP', routes }], pools, parts, generations };
}

/** Endpoints with names as a Deployment gives them. */
function partOf(backends: readonly string[], name: string): PoolPart {
  const timing = { interval: 30_000, timeout: 1000, unhealthyThreshold: 3, healthyThreshold: 2 };
  const expectedStatuses = [{ from: 200, to: 399 }];
  const active: ActiveCheck = { type: 'HTTP', path: '/', method: 'GET', expectedStatuses, ...timing };
  return {
    loadBalancer: { type: 'RoundRobin' },
    healthCheck: { passive: PASSIVE, active },
    endpoints: backends.toSorted().map((address, i) => {
      const suffix = (Math.imul(i + 1, 2654435761) >>> 0).toString(36).slice(0, 5);
      const hashKey = `${name}-7d9f8b6c5d-${suffix}:${PORT}`;
      return { id: `${address}:${PORT}`, hashKey, address, port: PORT, weight: 1, zone: '', state: 'active' };
    }),
  };
}

function routeOf(policy: string, pool: string, host: string): Route {
  return {
    ...{ policy, generation, created: 0, hostnames: [host], matches: [], destinations: [{ pool, weight: 1 }] },
    ...{ retry: RETRY, timeouts: TIMEOUTS, accessLog: { enabled: false, samplePercent: 100 } },
  };
}
