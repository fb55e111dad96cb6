import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { startChild } from './child.ts';
import type { Place } from './cpu-affinity.ts';
import type { RateReport } from './rate-report.ts';
import type { Scope } from './cleanup.ts';

export interface RateOptions {
  /** `HOST:PORT`. */
  readonly targets: readonly string[];
  /** The targets are those of one Service: see HttpClient. */
  readonly service?: boolean;
  /** Requests per second. */
  readonly rate: number;
  readonly connections: number;
  /** At most; `stop` may end it earlier. */
  readonly seconds: number;
  readonly place?: Place;
}

/** Load at a constant rate that goes on beside other things. */
export interface Rate {
  /** When the first request began, unix ms. */
  readonly startedAt: number;
  /** Whether requests still begin. */
  readonly running: boolean;
  /** Resolves when the last request is over. */
  readonly report: Promise<RateReport>;
  /** No more requests; gives the report. */
  stop(): Promise<RateReport>;
}

/** Starts the load generator, which ends by itself, or with the scope. Resolves when the first request leaves. */
export async function startRate(scope: Scope, options: RateOptions): Promise<Rate> {
  const { targets, service = false, rate, connections, seconds, place } = options;
  const args = [
    ...targets.flatMap((target) => ['--target', target]),
    ...(service ? ['--service'] : []),
    ...['--rate', String(rate), '--connections', String(connections), '--seconds', String(seconds)],
  ];
  const child = startChild({ program: 'test/bench/rate.ts', args, ...(place && { place }) }, ['ignore', 'pipe', 'inherit']);
  scope.defer(() => void child.kill('SIGKILL'));
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
  report.catch(() => undefined); // whoever waits hears of it, perhaps later
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

/** Runs it to its end. */
export async function runRate(scope: Scope, options: RateOptions): Promise<RateReport> {
  return (await startRate(scope, options)).report;
}
