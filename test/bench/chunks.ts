/** One-byte chunks, in uploads and in responses: the CPU that they cost, and what another client notices of them. */
import type { Bench, Row } from './bench.ts';
import type { Cleanup } from './cleanup.ts';
import { startBackends } from './contenders.ts';
import { whyNotPinned } from './cpu-affinity.ts';
import { formatSpread } from './cpu-per-request.ts';
import { DEFAULTS_TITLE, enterAll, WIRE_TITLE, type Entrant } from './lineup.ts';
import { cpuSeconds } from './process-stats.ts';
import { summarise } from './rate-report.ts';
import type { RequestShape } from './request-shape.ts';
import { atMost, differenceOf, formatMs, measureRounds, ratioOf, type Samples } from './rounds.ts';
import { runLoad } from './run-load.ts';
import { startConstantRate } from './run-rate.ts';
import { median } from './stats.ts';

const ROUNDS = 9;
const SECONDS = 0.5;
const WARM_UP = 1;
/** Of one byte each, in a body. */
const CHUNKS = 300_000;
/** Bytes of a chunk with its size and line ends. */
const CHUNK_BYTES = 6;
/** Requests per second of the other client, and its connections. */
const [RATE, CONNECTIONS] = [200, 8];
/** The largest CPU ÷ HAProxy's, and p99 of the other client in ms. */
const [MAX_RATIO, MAX_P99] = [3, 20];

interface ChunkStream {
  readonly title: string;
  readonly shape: RequestShape;
  /** Titles of those that are measured. The engines on node:http take two seconds for a body. */
  readonly among: readonly string[];
}

const FAST = ['haproxy', WIRE_TITLE];
const ALL = ['haproxy', 'nginx', WIRE_TITLE, DEFAULTS_TITLE];
const UPLOAD: RequestShape = { method: 'POST', body: CHUNKS, chunk: 1 };
const RESPONSE = `/?bytes=${CHUNKS}&chunk=1`;
/** As fast as the peer takes them; in large writes, which are read many chunks at a time, and with a write for each chunk. */
const STREAMS: readonly ChunkStream[] = [
  { title: 'upload, one write', shape: UPLOAD, among: ALL },
  { title: 'upload, a write per chunk', shape: { ...UPLOAD, write: CHUNK_BYTES }, among: FAST },
  { title: 'response, one write', shape: { path: RESPONSE }, among: ALL },
  { title: 'response, a write per chunk', shape: { path: `${RESPONSE}&write=${CHUNK_BYTES}` }, among: FAST },
];

interface ChunkSample {
  /** CPU milliseconds of a body, the few requests of the other client included. */
  readonly ms: number;
  /** Of the other client, ms. */
  readonly p99: number;
}

export const chunks: Bench = async ({ rounds = ROUNDS, seconds = SECONDS }, cleanup, note) => {
  if (whyNotPinned !== undefined) note(`nothing is pinned to a CPU: ${whyNotPinned}`);
  const entrants = await enterAll(cleanup, await startBackends(cleanup), note, ALL);
  const rows: Row[] = [];
  for (const { title, shape, among } of STREAMS) {
    note(title);
    const taking = entrants.filter((one) => among.includes(one.title));
    const measure = (one: Entrant) => measureStream(cleanup, one, shape, seconds);
    const show = ({ ms, p99 }: ChunkSample) => `${ms.toFixed(0)} ms (p99 ${p99.toFixed(1)} ms)`;
    rows.push(...rowsOf(title, await measureRounds(taking, { rounds, warmUp: WARM_UP, measure, show }, note)));
  }
  return rows;
};

/** One body after another for some seconds, and until the last one is over. */
async function measureStream(cleanup: Cleanup, one: Entrant, shape: RequestShape, seconds: number): Promise<ChunkSample> {
  const { pid, target } = one;
  const common = { targets: [target], cpu: 'shared' } as const;
  const other = await startConstantRate(cleanup, { ...common, rate: RATE, connections: CONNECTIONS, seconds: 600 });
  const before = cpuSeconds(pid);
  const load = await runLoad(cleanup, { ...common, connections: 1, seconds, shape });
  const used = cpuSeconds(pid) - before;
  // Starting the load generator takes time on the CPU that the other client has, too.
  const began = Date.now() - load.seconds * 1000;
  const { p99, failed } = summarise(await other.stop(), began);
  if (load.failed + load.broken + failed > 0 || load.byStatus[200] !== load.answered)
    throw new Error(`${one.title}: ${failed} of the other client failed; ${JSON.stringify(load)}`);
  return { ms: (used / load.answered) * 1000, p99 };
}

function rowsOf(title: string, samples: Samples<ChunkSample>): readonly Row[] {
  const first = [...samples.keys()][0] as string;
  return [...samples].flatMap(([name, each]): readonly Row[] => {
    const ratio = ratioOf(samples, name, first, ({ ms }) => ms);
    const [ms, p99] = [median(each.map(({ ms }) => ms)), median(each.map(({ p99 }) => p99))];
    const bounded = name === WIRE_TITLE && first === 'haproxy';
    return [
      {
        what: `CPU of ${CHUNKS} one-byte chunks ÷ ${first}, ${title}: ${name}`,
        number: `${formatSpread(ratio)}; ${ms.toFixed(0)} ms`,
        ...(bounded && atMost(MAX_RATIO, ratio.median)),
      },
      {
        what: `p99 of another client meanwhile, ${title}: ${name}`,
        number: `${p99.toFixed(1)} ms; − that of ${first} ${formatMs(differenceOf(samples, name, first, (sample) => sample.p99))}`,
        ...(bounded && atMost(MAX_P99, p99, ' ms')),
      },
    ];
  });
}
