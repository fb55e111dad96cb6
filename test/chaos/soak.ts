/** Endpoints and connections change for minutes, or a day: memory and sockets must not grow, and after SIGTERM nothing keeps the process alive. */
import { setTimeout as pause } from 'node:timers/promises';
import { seeded } from '../../proxy/balance/testing.ts';
import type { Row } from '../bench/bench.ts';
import { Cleanup } from '../bench/cleanup.ts';
import { openSockets, residentBytes } from '../bench/process-stats.ts';
import type { PolicySettings, ProxyProcess } from '../bench/proxy-process.ts';
import { summarise } from '../bench/rate-report.ts';
import { startConstantRate } from '../bench/run-rate.ts';
import { startBehindProxy } from './backend-faults.ts';
import { CONNECTIONS, RATE, type Experiment } from './chaos.ts';
import { quantiles } from './result-row.ts';
import { SoakSamples, SoakTally } from './soak-records.ts';

/** Of the published numbers. */
export const SOAK_MINUTES = 5;
const BACKENDS = 8;
/** Between two changes of the endpoints. */
const CHANGE_MS = 200;
const SAMPLE_MS = 1000;
/** The load consists of parts, each with new connections. */
const PART_SECONDS = 5;
/** In a run that is shorter than a few parts. */
const MIN_PARTS = 60;
const PROGRESS_MS = 60_000;
const MAX_GROWTH = 1.05;
const DRAIN = { delayMs: 500, timeoutMs: 5000 };

export const soak: Experiment = async ({ seconds: shortened, soakMinutes, seed }, cleanup, note) => {
  const seconds = soakMinutes === undefined ? (shortened ?? SOAK_MINUTES * 60) : soakMinutes * 60;
  const args = ['--drain-delay', `${DRAIN.delayMs}ms`, '--drain-timeout', `${DRAIN.timeoutMs}ms`];
  const { target, proxy, settings } = await startBehindProxy(cleanup, BACKENDS, {}, args);
  const until = performance.now() + seconds * 1000;
  const more = () => performance.now() < until;
  const options = { targets: [target], rate: RATE, connections: CONNECTIONS, cpu: 'shared' } as const;
  const tally = new SoakTally();
  const samples = new SoakSamples(seconds * 1000);
  await Promise.all([
    runParts(cleanup, { ...options, seconds: Math.min(PART_SECONDS, seconds / MIN_PARTS) }, tally, more, note),
    churn(proxy, settings, seeded(seed), tally, more),
    watch(proxy.pid, samples, tally, more, note),
  ]);
  // One more part, whose clients keep sending requests while the proxy ends.
  const exit = await endUnderLoad(proxy, await startConstantRate(cleanup, { ...options, rate: 50, seconds: 60 }));
  return [
    failures(tally, seconds),
    growth('resident memory, MB', samples.mean('megabytes', 1), samples.mean('megabytes', 4)),
    growth('open sockets', samples.mean('sockets', 1), samples.mean('sockets', 4)),
    exit,
  ];
};

async function runParts(
  cleanup: Cleanup,
  options: Parameters<typeof startConstantRate>[1],
  tally: SoakTally,
  more: () => boolean,
  note: (text: string) => void,
): Promise<void> {
  // A cleanup for each part: a day has thousands of them.
  let part = new Cleanup();
  cleanup.defer(() => part.run());
  while (more() && !cleanup.started) {
    part = new Cleanup();
    const report = await (await startConstantRate(part, options)).report;
    await part.run();
    tally.add(summarise(report));
    report.samples.forEach(note);
  }
}

/** Replaces the pool by a random subset of the backends, repeatedly. */
async function churn(
  proxy: ProxyProcess,
  settings: PolicySettings,
  random: () => number,
  tally: SoakTally,
  more: () => boolean,
): Promise<void> {
  for (; more(); tally.changes += 1) {
    const some = settings.backends.filter(() => random() < 0.7);
    await proxy.apply({ ...settings, backends: some.length > 0 ? some : settings.backends });
    await pause(CHANGE_MS);
  }
}

async function watch(
  pid: number,
  samples: SoakSamples,
  tally: SoakTally,
  more: () => boolean,
  note: (text: string) => void,
): Promise<void> {
  const began = performance.now();
  let told = 0;
  for (; more(); await pause(SAMPLE_MS)) {
    const elapsed = performance.now() - began;
    const sample = { megabytes: residentBytes(pid) / 1e6, sockets: openSockets(pid) };
    samples.add(elapsed, sample);
    const minutes = Math.floor(elapsed / PROGRESS_MS);
    if (minutes > told)
      note(`minute ${minutes}: resident ${sample.megabytes.toFixed(1)} MB, ${sample.sockets} sockets; ${tally.toString()}`);
    told = minutes;
  }
}

function failures(tally: SoakTally, seconds: number): Row {
  const { sent, failed, parts, changes, worst } = tally;
  return {
    what: `failed GETs, ${changes} changes of endpoints in ${seconds} s, all connections reopened ${parts} times`,
    number: `${failed} of ${sent}; ${worst ? `in the worst of these parts ${quantiles(worst)}` : 'no part ended'}`,
    bound: { text: '0', met: failed === 0 && sent > 0 },
  };
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

function growth(what: string, from: number, to: number): Row {
  return {
    what: `soak: ${what}, last fifth ÷ second fifth`,
    number: `${(to / from).toFixed(3)} (${to.toFixed(1)} ÷ ${from.toFixed(1)})`,
    bound: { text: `≤ ${MAX_GROWTH}`, met: to <= MAX_GROWTH * from },
  };
}
