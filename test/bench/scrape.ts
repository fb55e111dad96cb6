/** What a scrape of a proxy with many endpoints costs its requests: time of the event loop, pauses, bytes. */
import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import type { SnapshotContent } from '../../operator/translate/types.ts';
import { digest } from '../../proxy/snapshot/canonical.ts';
import type { ActiveCheck } from '../../proxy/snapshot/health-check.ts';
import { OBSERVE_PORT, type PoolPart, type Route } from '../../proxy/snapshot/types.ts';
import { PASSIVE, RETRY, TIMEOUTS } from '../../proxy/testing.ts';
import { AddressBlock } from '../local-cluster/pods.ts';
import type { Bench } from './bench.ts';
import { startServer } from './child.ts';
import { pinningProblem } from './pin.ts';
import { startProxy, type ProxyProcess } from './proxy-process.ts';
import type { Scope } from './scope.ts';
import { median, spread } from './stats.ts';

const POLICIES = 50;
const ENDPOINTS = 20;
const PORT = 8080;
const ROUNDS = 9;
/** Each measurement, and how many scrapes there are in it, or none. */
const SECONDS = 4;
const SCRAPES = 16;
/** One request each; light load. */
const EVERY_MS = 5;
const BOUNDS = { ms: 50, pauseMs: 10, bytes: 150_000 };

interface Sample {
  /** Of the event loop at work, ms. */
  readonly active: number;
  /** The longest that it was late, ms. */
  readonly pause: number;
}

export const scrape: Bench = async ({ rounds = ROUNDS, seconds = SECONDS }, scope, note) => {
  if (pinningProblem !== undefined) note(`nothing is pinned to a CPU: ${pinningProblem}`);
  const observe = await startBusyProxy(scope);
  await measure(observe, seconds, SCRAPES); // until hot code is compiled
  const costs: number[] = [];
  const pauses: { with: number[]; without: number[] } = { with: [], without: [] };
  for (let round = 1; round <= rounds; round += 1) {
    const without = await measure(observe, seconds, 0);
    const busy = await measure(observe, seconds, SCRAPES);
    const cost = (busy.active - without.active) / SCRAPES;
    costs.push(cost);
    pauses.with.push(busy.pause);
    pauses.without.push(without.pause);
    note(
      `round ${round} of ${rounds}: ${cost.toFixed(1)} ms a scrape; pauses ${busy.pause.toFixed(1)}, else ${without.pause.toFixed(1)} ms`,
    );
  }
  const { text, bytes } = await take(observe);
  const cost = spread(costs);
  const what = `A full scrape of ${POLICIES} policies × ${ENDPOINTS} endpoints`;
  return [
    {
      what: `${what}: time of the event loop`,
      number: `${cost.median.toFixed(1)} ms (quartiles ${cost.low.toFixed(1)}–${cost.high.toFixed(1)})`,
      bound: { text: `≤ ${BOUNDS.ms} ms`, met: cost.median <= BOUNDS.ms },
    },
    {
      what: `${what}: longest pause among ${SCRAPES} of them, median of ${rounds} rounds`,
      number: `${median(pauses.with).toFixed(1)} ms (at most ${Math.max(...pauses.with).toFixed(1)}); without scrapes ${median(pauses.without).toFixed(1)} (at most ${Math.max(...pauses.without).toFixed(1)})`,
      bound: { text: `≤ ${BOUNDS.pauseMs} ms`, met: median(pauses.with) <= BOUNDS.pauseMs },
    },
    {
      what: `${what}: bytes, gzip`,
      number: `${(bytes / 1000).toFixed(0)} kB (${text.split('\n').length} lines, ${(text.length / 1000).toFixed(0)} kB of text)`,
      bound: { text: `≤ ${BOUNDS.bytes / 1000} kB`, met: bytes <= BOUNDS.bytes },
    },
  ];
};

/** The proxy with everything in use; gives the origin of its metrics. */
async function startBusyProxy(scope: Scope): Promise<string> {
  const addresses = await AddressBlock.claim(process.env['OUTRIGGER_TEST_POD_PREFIX']);
  scope.defer(() => addresses.release());
  const backends = Array.from({ length: ENDPOINTS }, () => addresses.take());
  const args = ['--port', String(PORT), ...backends.flatMap((backend) => ['--bind', backend])];
  const answers = async () => (await fetch(`http://${backends.at(-1)}:${PORT}/`)).ok;
  await startServer(scope, { program: 'test/bench/backend.ts', args, place: 'rest' }, answers);
  const address = addresses.take();
  const proxy: ProxyProcess = await startProxy(scope, { address, port: PORT, backends, backendPort: PORT });
  await proxy.push(contentOf(backends));
  keepAsking(scope, address);
  await delay(POLICIES * ENDPOINTS * EVERY_MS); // until every endpoint had a request
  return `http://${address}:${OBSERVE_PORT}`;
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

/** `seconds` with that many scrapes evenly in them, beside the two that read the numbers. */
async function measure(observe: string, seconds: number, scrapes: number): Promise<Sample> {
  const first = read((await take(observe)).text);
  const began = performance.now();
  let pause = 0;
  for (let i = 1; i <= scrapes; i += 1) {
    await delay(Math.max(0, began + (i * seconds * 1000) / (scrapes + 1) - performance.now()));
    pause = Math.max(pause, read((await take(observe)).text).pause);
  }
  await delay(Math.max(0, began + seconds * 1000 - performance.now()));
  const last = read((await take(observe)).text);
  const elapsed = performance.now() - began;
  const active = ((last.active - first.active) * seconds * 1000) / elapsed;
  return { active, pause: Math.max(pause, last.pause) };
}

function read(text: string): Sample {
  const value = (series: string): number => {
    const at = text.indexOf(`\n${series} `) + 1;
    if (at === 0) throw new Error(`${series} is not there`);
    return Number(text.slice(at + series.length, text.indexOf('\n', at))) * 1000;
  };
  return {
    active: value('outrigger_event_loop_active_seconds_total'),
    pause: value('outrigger_event_loop_delay_seconds{quantile="1"}'),
  };
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
