/** One fault for every competitor, in rounds: what clients observe before the fault, during it, and after the ejection. */
import { setTimeout as pause } from 'node:timers/promises';
import type { PolicySettings } from '../bench/proxy-process.ts';
import { summarise, type Summary } from '../bench/rate-report.ts';
import { startConstantRate } from '../bench/run-rate.ts';
import { Cleanup } from '../bench/cleanup.ts';
import { median } from '../bench/stats.ts';
import { AddressBlock } from '../local-cluster/pods.ts';
import type { Options } from './chaos.ts';
import { COMPETITORS, startCompetitor, type CompetitorName } from './competitors.ts';
import { FaultyBackend } from './faulty-backend-process.ts';

const BACKENDS = 5;
const CONNECTIONS = 50;
/** Requests per second. */
const RATE = 500;
const ROUNDS = 3;
/** Warm-up (code is compiled, connections are opened), then a time without a fault, then the fault. */
const WARM_MS = 1500;
const CALM_MS = 2500;
const FAULT_MS = 5000;

export interface ComparedFault {
  /** Policy of our proxy. */
  readonly policy: Pick<PolicySettings, 'part' | 'route'>;
  /** Causes the fault until `over` resolves. Every competitor starts with new backends. */
  readonly occur: (backends: readonly FaultyBackend[], over: Promise<unknown>) => Promise<void>;
}

/** Result of one competitor in one round. */
export interface RoundResult {
  readonly calm: Summary;
  readonly during: Summary;
  /** From the first ejection, or (where none is known) the second half of the fault. */
  readonly after: Summary;
  /** From the start of the fault to the first ejection, ms; undefined: none, or not known. */
  readonly ejectedAfter: number | undefined;
}

/** Results of every competitor that is installed, by round. */
export type RoundResults = ReadonlyMap<CompetitorName, readonly RoundResult[]>;

export async function compare(
  { policy, occur }: ComparedFault,
  absent: ReadonlySet<CompetitorName>,
  { seconds }: Options,
  cleanup: Cleanup,
  note: (text: string) => void,
): Promise<RoundResults> {
  const addresses = await AddressBlock.claim(process.env['OUTRIGGER_TEST_POD_PREFIX']);
  cleanup.defer(() => addresses.release());
  const backends = await FaultyBackend.start(cleanup, addresses, BACKENDS);
  const present = COMPETITORS.filter((name) => !absent.has(name));
  const results = new Map<CompetitorName, RoundResult[]>(present.map((name) => [name, []]));
  const rounds = seconds === undefined ? ROUNDS : 1;
  const times =
    seconds === undefined ? { calmMs: CALM_MS, faultMs: FAULT_MS } : { calmMs: seconds * 500, faultMs: seconds * 1000 };
  for (let round = 0; round < rounds; round += 1) {
    for (const name of round % 2 === 0 ? present : present.toReversed()) {
      const inner = new Cleanup();
      cleanup.defer(() => inner.run());
      const address = addresses.take();
      const settings = { address, backends: backends.map((backend) => backend.address) };
      const competitor = await startCompetitor(inner, name, settings, policy);
      const result = await runRound(inner, competitor, backends, occur, times);
      await inner.run();
      results.get(name)?.push(result);
      note(`round ${round + 1} of ${rounds}, ${name}: ${result.during.failed} failed, p99 ${result.during.p99.toFixed(1)} ms`);
      await Promise.all(backends.map((backend) => backend.restart()));
    }
  }
  return results;
}

async function runRound(
  cleanup: Cleanup,
  { target, ejectedAt }: Awaited<ReturnType<typeof startCompetitor>>,
  backends: readonly FaultyBackend[],
  occur: ComparedFault['occur'],
  { calmMs, faultMs }: { readonly calmMs: number; readonly faultMs: number },
): Promise<RoundResult> {
  const seconds = (WARM_MS + calmMs + faultMs) / 1000;
  const load = await startConstantRate(cleanup, {
    targets: [target],
    rate: RATE,
    connections: CONNECTIONS,
    seconds,
    cpu: 'shared',
  });
  await pause(WARM_MS + calmMs);
  const began = performance.timeOrigin + performance.now();
  await occur(backends, pause(faultMs));
  const report = await load.report;
  const ejected = await ejectedAt();
  return {
    calm: summarise(report, load.startedAt + WARM_MS, began),
    during: summarise(report, began),
    after: summarise(report, ejected ?? began + faultMs / 2),
    ejectedAfter: ejected === undefined ? undefined : ejected - began,
  };
}

/** Median over the rounds. */
export function medianOf(results: readonly RoundResult[], of: (result: RoundResult) => number): number {
  return median(results.map(of));
}
