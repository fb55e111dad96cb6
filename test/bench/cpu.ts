/** CPU per proxied request: the proxy's bundle compared with a bare http-proxy-3, over the same backends, in alternating rounds. */
import { AddressBlock } from '../local-cluster/pods.ts';
import type { Bench, Row } from './bench.ts';
import { startServer } from './child.ts';
import type { LoadReport } from './load-tally.ts';
import { whyNotPinned } from './cpu-affinity.ts';
import { cpuSeconds } from './process-stats.ts';
import { startProxy } from './proxy-process.ts';
import { runLoad } from './run-load.ts';
import type { Cleanup } from './cleanup.ts';
import { median, spread } from './stats.ts';

const ROUNDS = 11;
const SECONDS = 3;
/** Measurements of each that are discarded: hot code is compiled and connections are opened in this time. */
const WARM_UP = 3;
const CONNECTIONS = 64;
const BACKENDS = 2;
const PORT = 8080;
const BOUND = 1.15;

type Name = 'bare' | 'ours' | 'logging';
const NAMES: readonly Name[] = ['bare', 'ours', 'logging'];
const TITLES: Readonly<Record<Name, string>> = {
  bare: 'bare http-proxy-3',
  ours: 'proxy, access log off',
  logging: 'proxy, access log on (to /dev/null)',
};

interface Competitor {
  readonly pid: number;
  readonly target: string;
}

interface Sample {
  /** CPU microseconds per answered request. */
  readonly micros: number;
  /** Utilisation of its CPU by the process, percent. */
  readonly busy: number;
  readonly load: LoadReport;
}

export const cpu: Bench = async ({ rounds = ROUNDS, seconds = SECONDS }, cleanup, note) => {
  if (whyNotPinned !== undefined) note(`nothing is pinned to a CPU: ${whyNotPinned}`);
  const competitors = await startCompetitors(cleanup);
  const samples: Record<Name, Sample[]> = { bare: [], ours: [], logging: [] };
  for (let i = 0; i < WARM_UP; i += 1) {
    for (const name of NAMES) await measure(cleanup, competitors[name], seconds);
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const name of round % 2 === 0 ? NAMES : NAMES.toReversed()) {
      samples[name].push(await measure(cleanup, competitors[name], seconds));
    }
    const latest = NAMES.map((name) => `${name} ${samples[name].at(-1)?.micros.toFixed(1)}`);
    note(`round ${round + 1} of ${rounds}: ${latest.join(', ')} µs`);
  }
  return rowsOf(samples);
};

async function startCompetitors(cleanup: Cleanup): Promise<Record<Name, Competitor>> {
  const addresses = await AddressBlock.claim(process.env['OUTRIGGER_TEST_POD_PREFIX']);
  cleanup.defer(() => addresses.release());
  const backends = Array.from({ length: BACKENDS }, () => addresses.take());
  for (const backend of backends) {
    const args = ['--port', String(PORT), '--bind', backend];
    await startServer(cleanup, { program: 'test/bench/backend.ts', args, cpu: 'shared' }, () => answers(backend));
  }
  const ours = async (accessLog: boolean) => {
    const address = addresses.take();
    const { pid } = await startProxy(cleanup, { address, port: PORT, backends, backendPort: PORT, accessLog });
    return { pid, target: `${address}:${PORT}` };
  };
  return { bare: await startBare(cleanup, addresses.take(), backends), ours: await ours(false), logging: await ours(true) };
}

async function startBare(cleanup: Cleanup, address: string, backends: readonly string[]): Promise<Competitor> {
  const args = [
    ...['--bind', address, '--port', String(PORT)],
    ...backends.flatMap((backend) => ['--backend', `${backend}:${PORT}`]),
  ];
  const { pid } = await startServer(cleanup, { program: 'test/bench/bare-proxy.ts', args, cpu: 'tested' }, () =>
    answers(address),
  );
  return { pid, target: `${address}:${PORT}` };
}

async function answers(address: string): Promise<boolean> {
  return (await fetch(`http://${address}:${PORT}/`)).ok;
}

/** @throws Error when a request did not get a complete response 200: the numbers would be meaningless. */
async function measure(cleanup: Cleanup, { pid, target }: Competitor, seconds: number): Promise<Sample> {
  const before = cpuSeconds(pid);
  const load = await runLoad(cleanup, { targets: [target], connections: CONNECTIONS, seconds, cpu: 'shared' });
  const used = cpuSeconds(pid) - before;
  if (load.failed + load.broken > 0 || load.byStatus[200] !== load.answered)
    throw new Error(`${target}: ${JSON.stringify(load)}`);
  return { micros: (used / load.answered) * 1e6, busy: (used / load.seconds) * 100, load };
}

function rowsOf(samples: Readonly<Record<Name, readonly Sample[]>>): readonly Row[] {
  const ratio = ratios(samples.ours, samples.bare);
  const rows = NAMES.map((name): Row => {
    const of = (value: (sample: Sample) => number) => median(samples[name].map(value));
    const perSecond = of(({ load }) => load.answered / load.seconds);
    const latency = `p50 ${of(({ load }) => load.latencyMs.p50).toFixed(1)} ms, p99 ${of(({ load }) => load.latencyMs.p99).toFixed(1)} ms`;
    return {
      what: `CPU per request, ${TITLES[name]}`,
      number: `${of(({ micros }) => micros).toFixed(1)} µs; ${perSecond.toFixed(0)}/s, ${latency}, CPU ${of(({ busy }) => busy).toFixed(0)} % busy`,
    };
  });
  return [
    {
      what: 'CPU per request, proxy ÷ bare http-proxy-3',
      number: formatSpread(ratio),
      bound: { text: `≤ ${BOUND}`, met: ratio.median <= BOUND },
    },
    { what: 'CPU per request, access log on ÷ off', number: formatSpread(ratios(samples.logging, samples.ours)) },
    ...rows,
  ];
}

/** Ratios of the two samples of each round: whatever slows the machine down for a while affects both. */
function ratios(samples: readonly Sample[], others: readonly Sample[]) {
  return spread(samples.map(({ micros }, i) => micros / (others[i]?.micros ?? NaN)));
}

const formatSpread = ({ median, low, high }: ReturnType<typeof spread>) =>
  `${median.toFixed(3)} (quartiles ${low.toFixed(3)}–${high.toFixed(3)})`;
