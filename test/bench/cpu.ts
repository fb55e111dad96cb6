/** CPU per proxied request: the proxy's bundle compared with a bare http-proxy-3, over the same backends, in alternating rounds. */
import type { Bench, Row } from './bench.ts';
import { startBackends, startPlain, PORT } from './contenders.ts';
import type { Contender } from './contenders.ts';
import { formatSpread, measureCpu, ratios } from './cpu-per-request.ts';
import type { CpuSample } from './cpu-per-request.ts';
import { whyNotPinned } from './cpu-affinity.ts';
import { startProxy } from './proxy-process.ts';
import type { Cleanup } from './cleanup.ts';
import { median } from './stats.ts';

const ROUNDS = 11;
const SECONDS = 3;
/** Measurements of each that are discarded: hot code is compiled and connections are opened in this time. */
const WARM_UP = 3;
const BOUND = 1.15;

type Name = 'bare' | 'ours' | 'logging';
const NAMES: readonly Name[] = ['bare', 'ours', 'logging'];
const TITLES: Readonly<Record<Name, string>> = {
  bare: 'bare http-proxy-3',
  ours: 'proxy, access log off',
  logging: 'proxy, access log on (to /dev/null)',
};

export const cpu: Bench = async ({ rounds = ROUNDS, seconds = SECONDS }, cleanup, note) => {
  if (whyNotPinned !== undefined) note(`nothing is pinned to a CPU: ${whyNotPinned}`);
  const competitors = await startCompetitors(cleanup);
  const samples: Record<Name, CpuSample[]> = { bare: [], ours: [], logging: [] };
  for (let i = 0; i < WARM_UP; i += 1) {
    for (const name of NAMES) await measureCpu(cleanup, competitors[name], seconds);
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const name of round % 2 === 0 ? NAMES : NAMES.toReversed()) {
      samples[name].push(await measureCpu(cleanup, competitors[name], seconds));
    }
    const latest = NAMES.map((name) => `${name} ${samples[name].at(-1)?.micros.toFixed(1)}`);
    note(`round ${round + 1} of ${rounds}: ${latest.join(', ')} µs`);
  }
  return rowsOf(samples);
};

async function startCompetitors(cleanup: Cleanup): Promise<Record<Name, Contender>> {
  const { addresses, backends } = await startBackends(cleanup);
  const ours = async (accessLog: boolean) => {
    const address = addresses.take();
    const { pid } = await startProxy(cleanup, { address, port: PORT, backends, backendPort: PORT, accessLog });
    return { pid, target: `${address}:${PORT}` };
  };
  return {
    bare: await startPlain(cleanup, 'bare-proxy', addresses.take(), backends),
    ours: await ours(false),
    logging: await ours(true),
  };
}

function rowsOf(samples: Readonly<Record<Name, readonly CpuSample[]>>): readonly Row[] {
  const ratio = ratios(samples.ours, samples.bare);
  const rows = NAMES.map((name): Row => {
    const of = (value: (sample: CpuSample) => number) => median(samples[name].map(value));
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
