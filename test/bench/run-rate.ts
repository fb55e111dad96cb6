import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { startChild } from './child.ts';
import type { CpuRole } from './cpu-affinity.ts';
import type { RateReport } from './rate-report.ts';
import type { Cleanup } from './cleanup.ts';

export interface RateOptions {
  /** `HOST:PORT`. */
  readonly targets: readonly string[];
  /** Whether the targets belong to one Service: see HttpClient. */
  readonly service?: boolean;
  /** Requests per second. */
  readonly rate: number;
  readonly connections: number;
  /** Longest duration; `stop` may end it earlier. */
  readonly seconds: number;
  readonly cpu?: CpuRole;
}

/** Load at a constant rate that runs in the background. */
export interface ConstantRateLoad {
  /** Start of the first request, unix ms. */
  readonly startedAt: number;
  /** Whether requests are still being started. */
  readonly running: boolean;
  /** Resolves when the last request is over. */
  readonly report: Promise<RateReport>;
  /** Starts no more requests; resolves with the report. */
  stop(): Promise<RateReport>;
}

/** Starts the load generator, which ends by itself or by the cleanup. Resolves when the first request starts. */
export async function startConstantRate(cleanup: Cleanup, options: RateOptions): Promise<ConstantRateLoad> {
  const { targets, service = false, rate, connections, seconds, cpu } = options;
  const args = [
    ...targets.flatMap((target) => ['--target', target]),
    ...(service ? ['--service'] : []),
    ...['--rate', String(rate), '--connections', String(connections), '--seconds', String(seconds)],
  ];
  const child = startChild({ program: 'test/bench/rate.ts', args, ...(cpu && { cpu }) }, ['ignore', 'pipe', 'inherit']);
  cleanup.defer(() => void child.kill('SIGKILL'));
  const gone = once(child, 'exit');
  const lines = createInterface({ input: child.stdout as Readable });
  const iterator = lines[Symbol.asyncIterator]();
  const line = async () => {
    const { value, done } = await iterator.next();
    if (done !== true) return value;
    await gone;
    throw new Error(`the load generator ended with ${child.exitCode ?? child.signalCode}`);
  };
  const startedAt = Number(await line());
  let running = true;
  const report = (async () => {
    const found = JSON.parse(await line()) as RateReport;
    await gone;
    return found;
  })().finally(() => (running = false));
  report.catch(() => undefined); // the caller may wait for it later
  return {
    startedAt,
    get running() {
      return running;
    },
    report,
    stop: () => {
      child.kill('SIGTERM');
      return report;
    },
  };
}

/** Runs the load generator to its end. */
export async function runConstantRate(cleanup: Cleanup, options: RateOptions): Promise<RateReport> {
  return (await startConstantRate(cleanup, options)).report;
}
