/** CPU per proxied request: the proxy's bundle beside a bare http-proxy-3, over the same backends, in turns. */
import { AddressBlock } from '../local-cluster/pods.ts';
import type { Bench, Row } from './bench.ts';
import { startServer } from './child.ts';
import type { LoadReport } from './load-tally.ts';
import { pinningProblem } from './cpu-affinity.ts';
import { cpuSeconds } from './process-stats.ts';
import { startProxy } from './proxy-process.ts';
import { runLoad } from './run-load.ts';
import type { Scope } from './cleanup.ts';
import { median, spread } from './stats.ts';

const ROUNDS = 11;
const SECONDS = 3;
/** Measurements of each that do not count: until hot code is compiled, and connections are open. */
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

interface Contender {
  readonly pid: number;
  readonly target: string;
}

interface Sample {
  /** CPU microseconds per answered request. */
  readonly micros: number;
  /** Share of its CPU that the process used, in percent. */
  readonly busy: number;
  readonly load: LoadReport;
}

export const cpu: Bench = async ({ rounds = ROUNDS, seconds = SECONDS }, scope, note) => {
  if (pinningProblem !== undefined) note(`nothing is pinned to a CPU: ${pinningProblem}`);
  const contenders = await startContenders(scope);
  const samples: Record<Name, Sample[]> = { bare: [], ours: [], logging: [] };
  for (let turn = 0; turn < WARM_UP; turn += 1) {
    for (const name of NAMES) await measure(scope, contenders[name], seconds);
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const name of round % 2 === 0 ? NAMES : NAMES.toReversed()) {
      samples[name].push(await measure(scope, contenders[name], seconds));
    }
    const latest = NAMES.map((name) => `${name} ${samples[name].at(-1)?.micros.toFixed(1)}`);
    note(`round ${round + 1} of ${rounds}: ${latest.join(', ')} µs`);
  }
  return rowsOf(samples);
};

async function startContenders(scope: Scope): Promise<Record<Name, Contender>> {
  const addresses = await AddressBlock.claim(process.env['OUTRIGGER_TEST_POD_PREFIX']);
  scope.defer(() => addresses.release());
  const backends = Array.from({ length: BACKENDS }, () => addresses.take());
  for (const backend of backends) {
    const args = ['--port', String(PORT), '--bind', backend];
    await startServer(scope, { program: 'test/bench/backend.ts', args, place: 'rest' }, () => answers(backend));
  }
  const ours = async (accessLog: boolean) => {
    const address = addresses.take();
    const { pid } = await startProxy(scope, { address, port: PORT, backends, backendPort: PORT, accessLog });
    return { pid, target: `${address}:${PORT}` };
  };
  return { bare: await startBare(scope, addresses.take(), backends), ours: await ours(false), logging: await ours(true) };
}

async function startBare(scope: Scope, address: string, backends: readonly string[]): Promise<Contender> {
  const args = [
    ...['--bind', address, '--port', String(PORT)],
    ...backends.flatMap((backend) => ['--backend', `${backend}:${PORT}`]),
  ];
  const { pid } = await startServer(scope, { program: 'test/bench/bare-proxy.ts', args, place: 'test' }, () => answers(address));
  return { pid, target: `${address}:${PORT}` };
}

async function answers(address: string): Promise<boolean> {
  return (await fetch(`http://${address}:${PORT}/`)).ok;
}

/** @throws Error when a request did not get the whole answer 200: then the numbers would mean nothing. */
async function measure(scope: Scope, { pid, target }: Contender, seconds: number): Promise<Sample> {
  const before = cpuSeconds(pid);
  const load = await runLoad(scope, { targets: [target], connections: CONNECTIONS, seconds, place: 'rest' });
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
      number: inWords(ratio),
      bound: { text: `≤ ${BOUND}`, met: ratio.median <= BOUND },
    },
    { what: 'CPU per request, access log on ÷ off', number: inWords(ratios(samples.logging, samples.ours)) },
    ...rows,
  ];
}

/** Of the two samples of each round, so that what slows the machine down for a while slows down both. */
function ratios(samples: readonly Sample[], others: readonly Sample[]) {
  return spread(samples.map(({ micros }, i) => micros / (others[i]?.micros ?? NaN)));
}

const inWords = ({ median, low, high }: ReturnType<typeof spread>) =>
  `${median.toFixed(3)} (quartiles ${low.toFixed(3)}–${high.toFixed(3)})`;
