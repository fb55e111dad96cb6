/** Endpoints and connections change for minutes: memory and sockets must not grow, and after SIGTERM nothing keeps the process alive. */
import { setTimeout as pause } from 'node:timers/promises';
import { seeded } from '../../proxy/balance/testing.ts';
import type { Row } from '../bench/bench.ts';
import { openSockets, residentBytes } from '../bench/process-stats.ts';
import type { PolicySettings, ProxyProcess } from '../bench/proxy-process.ts';
import { startConstantRate } from '../bench/run-rate.ts';
import { startBehindProxy } from './backend-faults.ts';
import { CONNECTIONS, RATE, type Experiment } from './chaos.ts';
import { noFailureRow } from './result-row.ts';

const MINUTES = 5;
const BACKENDS = 8;
/** Between two changes of the endpoints. */
const CHANGE_MS = 200;
const SAMPLE_MS = 1000;
/** The load consists of parts, each with new connections. */
const PARTS_A_MINUTE = 12;
const MAX_GROWTH = 1.05;
const DRAIN = { delayMs: 500, timeoutMs: 5000 };

interface Sample {
  readonly megabytes: number;
  readonly sockets: number;
}

export const soak: Experiment = async ({ seconds = MINUTES * 60, seed }, cleanup, note) => {
  const args = ['--drain-delay', `${DRAIN.delayMs}ms`, '--drain-timeout', `${DRAIN.timeoutMs}ms`];
  const { target, proxy, settings } = await startBehindProxy(cleanup, BACKENDS, {}, args);
  const until = performance.now() + seconds * 1000;
  const more = () => performance.now() < until;
  const part = seconds / MINUTES / PARTS_A_MINUTE;
  const options = { targets: [target], rate: RATE, connections: CONNECTIONS, cpu: 'shared' } as const;
  const loads = async () => {
    const reports = [];
    while (more()) reports.push(await (await startConstantRate(cleanup, { ...options, seconds: part })).report);
    return reports;
  };
  const [reports, changes, samples] = await Promise.all([
    loads(),
    churn(proxy, settings, seeded(seed), more),
    watch(proxy.pid, more),
  ]);
  // One more part, whose clients keep sending requests while the proxy ends.
  const exit = await endUnderLoad(proxy, await startConstantRate(cleanup, { ...options, rate: 50, seconds: 60 }));
  const lost = reports.find(({ failed, broken }) => failed + broken > 0) ?? reports[0];
  const sent = `${changes} changes of endpoints in ${seconds} s, all connections reopened ${reports.length} times`;
  const minute = samples.length / MINUTES;
  const [second, last] = [samples.slice(minute, 2 * minute), samples.slice(-minute)];
  return [
    ...(lost ? [noFailureRow(lost, { description: `${sent} (the worst of these parts)`, sufficient: true }, note)] : []),
    growth('resident memory, MB', second, last, ({ megabytes }) => megabytes),
    growth('open sockets', second, last, ({ sockets }) => sockets),
    exit,
  ];
};

/** Replaces the pool by a random subset of the backends, repeatedly. Returns how often. */
async function churn(proxy: ProxyProcess, settings: PolicySettings, random: () => number, more: () => boolean): Promise<number> {
  let changes = 0;
  for (; more(); changes += 1) {
    const some = settings.backends.filter(() => random() < 0.7);
    await proxy.apply({ ...settings, backends: some.length > 0 ? some : settings.backends });
    await pause(CHANGE_MS);
  }
  return changes;
}

async function watch(pid: number, more: () => boolean): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  for (; more(); await pause(SAMPLE_MS)) samples.push({ megabytes: residentBytes(pid) / 1e6, sockets: openSockets(pid) });
  return samples;
}

/** SIGTERM under load: the proxy ends with 0 when no timer and no socket is left; it never calls `process.exit`. */
async function endUnderLoad(proxy: ProxyProcess, load: Awaited<ReturnType<typeof startConstantRate>>): Promise<Row> {
  await pause(500);
  const began = performance.now();
  process.kill(proxy.pid, 'SIGTERM');
  const limit = DRAIN.delayMs + DRAIN.timeoutMs;
  const code = await Promise.race([proxy.ended, pause(2 * limit).then(() => 'none')]);
  const took = performance.now() - began;
  await load.stop();
  return {
    what: 'SIGTERM under load: time until it exits by itself, and its code',
    number: `${took.toFixed(0)} ms, ${code}`,
    bound: { text: `≤ ${limit} ms, 0`, met: code === 0 && took <= limit },
  };
}

function growth(what: string, before: readonly Sample[], after: readonly Sample[], of: (sample: Sample) => number): Row {
  const mean = (samples: readonly Sample[]) => samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length;
  const [from, to] = [mean(before), mean(after)];
  return {
    what: `soak: ${what}, last minute ÷ second minute`,
    number: `${(to / from).toFixed(3)} (${to.toFixed(1)} ÷ ${from.toFixed(1)})`,
    bound: { text: `≤ ${MAX_GROWTH}`, met: to <= MAX_GROWTH * from },
  };
}
