/** One fault, for each contender in turn, over and over: what clients see of it when all is well, during the fault, and after it was dealt with. */
import { setTimeout as pause } from 'node:timers/promises';
import type { PolicySettings } from '../bench/proxy-process.ts';
import { summarise, type Summary } from '../bench/rate-report.ts';
import { startConstantRate } from '../bench/run-rate.ts';
import { Cleanup } from '../bench/cleanup.ts';
import { median } from '../bench/stats.ts';
import { AddressBlock } from '../local-cluster/pods.ts';
import type { Options } from './chaos.ts';
import { COMPETITORS, startCompetitor, type CompetitorName } from './competitors.ts';
import { FaultyBackend } from './faulty.ts';

const BACKENDS = 5;
const CONNECTIONS = 50;
/** Requests per second. */
const RATE = 500;
const ROUNDS = 3;
/** Until code is compiled and connections are open; then all is well; then the fault. */
const WARM_MS = 1500;
const CALM_MS = 2500;
const FAULT_MS = 5000;

export interface ComparedFault {
  /** Of our proxy. */
  readonly policy: Pick<PolicySettings, 'part' | 'route'>;
  /** Begins the fault, and ends it when `over`. Backends are as new before each turn. */
  readonly occur: (backends: readonly FaultyBackend[], over: Promise<unknown>) => Promise<void>;
}

/** One contender in one round. */
export interface RoundResult {
  readonly calm: Summary;
  readonly during: Summary;
  /** From the first ejection on, or (where none is known) the second half of the fault. */
  readonly after: Summary;
  /** From the begin of the fault until the first ejection, ms; undefined: none, or not known. */
  readonly ejectedAfter: number | undefined;
}

/** The turns of every contender that takes part, by round. */
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
  const turns = new Map<CompetitorName, RoundResult[]>(present.map((name) => [name, []]));
  const rounds = seconds === undefined ? ROUNDS : 1;
  const times =
    seconds === undefined ? { calmMs: CALM_MS, faultMs: FAULT_MS } : { calmMs: seconds * 500, faultMs: seconds * 1000 };
  for (let round = 0; round < rounds; round += 1) {
    for (const name of round % 2 === 0 ? present : present.toReversed()) {
      const inner = new Cleanup();
      cleanup.defer(() => inner.run());
      const address = addresses.take();
      const place = { address, backends: backends.map((backend) => backend.address) };
      const contender = await startCompetitor(inner, name, place, policy);
      const turn = await runRound(inner, contender, backends, occur, times);
      await inner.run();
      turns.get(name)?.push(turn);
      note(`round ${round + 1} of ${rounds}, ${name}: ${turn.during.failed} failed, p99 ${turn.during.p99.toFixed(1)} ms`);
      await Promise.all(backends.map((backend) => backend.restart()));
    }
  }
  return turns;
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

/** The middle of the rounds. */
export function medianOf(turns: readonly RoundResult[], of: (turn: RoundResult) => number): number {
  return median(turns.map(of));
}
