/** CPU per request of the proxy with each of its engines, beside HAProxy, nginx and a bare http-proxy-3, in alternating rounds. */
import { PASSIVE } from '../../proxy/testing.ts';
import type { Bench, Row } from './bench.ts';
import { PORT, startBackends, startBare, startContender } from './contenders.ts';
import type { Contender } from './contenders.ts';
import { formatSpread, measureCpu, ratios } from './cpu-per-request.ts';
import type { CpuSample } from './cpu-per-request.ts';
import { whyNotPinned } from './cpu-affinity.ts';
import { startProxy } from './proxy-process.ts';
import type { Cleanup } from './cleanup.ts';
import { whyUnavailable } from './reference-proxy.ts';
import { median } from './stats.ts';

const ROUNDS = 9;
const SECONDS = 3;
/** Measurements of each that are discarded: hot code is compiled and connections are opened in this time. */
const WARM_UP = 2;
/** Engines of the client's and the backend's side. */
const PAIRS = [
  ['node-http', 'http-proxy'],
  ['node-http', 'http1'],
  ['http1', 'http1'],
] as const;
const CHECK = { type: 'HTTP', path: '/', method: 'GET', interval: 3_000, timeout: 1_000 } as const;
const THRESHOLDS = { unhealthyThreshold: 3, healthyThreshold: 2, expectedStatuses: [{ from: 200, to: 399 }] };

interface Measured {
  readonly title: string;
  readonly contender: Contender;
  readonly samples: CpuSample[];
}

export const engines: Bench = async ({ rounds = ROUNDS, seconds = SECONDS }, cleanup, note) => {
  if (whyNotPinned !== undefined) note(`nothing is pinned to a CPU: ${whyNotPinned}`);
  const measured = await startAll(cleanup, note);
  for (let i = 0; i < WARM_UP; i += 1) for (const { contender } of measured) await measureCpu(cleanup, contender, seconds);
  for (let round = 0; round < rounds; round += 1) {
    for (const { contender, samples } of round % 2 === 0 ? measured : measured.toReversed()) {
      samples.push(await measureCpu(cleanup, contender, seconds));
    }
    const latest = measured.map(({ title, samples }) => `${title} ${samples.at(-1)?.micros.toFixed(1)}`);
    note(`round ${round + 1} of ${rounds}: ${latest.join(', ')} µs`);
  }
  return measured.map((one) => rowOf(one, measured[0] as Measured));
};

/** The first one is what the others are compared with. */
async function startAll(cleanup: Cleanup, note: (text: string) => void): Promise<Measured[]> {
  const { addresses, backends } = await startBackends(cleanup);
  const measured: Measured[] = [];
  const add = (title: string, contender: Contender) => measured.push({ title, contender, samples: [] });
  for (const name of ['haproxy', 'nginx'] as const) {
    const missing = whyUnavailable(name);
    if (missing === undefined) add(name, await startContender(cleanup, name, addresses.take(), backends));
    else note(missing);
  }
  add('bare http-proxy-3', await startBare(cleanup, addresses.take(), backends));
  for (const [downstream, upstream] of PAIRS) {
    const address = addresses.take();
    const args = ['--downstream-engine', downstream, '--upstream-engine', upstream];
    const { pid } = await startProxy(cleanup, {
      ...{ address, port: PORT, backends, backendPort: PORT, args },
      part: { healthCheck: { active: { ...CHECK, ...THRESHOLDS }, passive: PASSIVE } },
    });
    add(`proxy, ${downstream} + ${upstream}`, { pid, target: `${address}:${PORT}` });
  }
  return measured;
}

function rowOf({ title, samples }: Measured, first: Measured): Row {
  const of = (value: (sample: CpuSample) => number) => median(samples.map(value));
  const perSecond = of(({ load }) => load.answered / load.seconds).toFixed(0);
  const latency = `p50 ${of(({ load }) => load.latencyMs.p50).toFixed(1)} ms, p99 ${of(({ load }) => load.latencyMs.p99).toFixed(1)} ms`;
  return {
    what: `CPU per request, ${title}, ÷ ${first.title}`,
    number: `${formatSpread(ratios(samples, first.samples))}; ${of(({ micros }) => micros).toFixed(1)} µs, ${perSecond}/s, ${latency}`,
  };
}
