/** One fault, for each contender in turn, over and over: what clients see of it when all is well, during the fault, and after it was dealt with. */
import { setTimeout as pause } from 'node:timers/promises';
import type { PolicySettings } from '../bench/proxy-process.ts';
import { summarise, type Summary } from '../bench/rate-report.ts';
import { startRate } from '../bench/run-rate.ts';
import { Scope } from '../bench/cleanup.ts';
import { median } from '../bench/stats.ts';
import { AddressBlock } from '../local-cluster/pods.ts';
import type { Options } from './chaos.ts';
import { NAMES, startContender, type Name } from './competitors.ts';
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

export interface Rivalry {
  /** Of our proxy. */
  readonly policy: Pick<PolicySettings, 'part' | 'route'>;
  /** Begins the fault, and ends it when `over`. Backends are as new before each turn. */
  readonly occur: (backends: readonly FaultyBackend[], over: Promise<unknown>) => Promise<void>;
}

/** One contender in one round. */
export interface Turn {
  readonly calm: Summary;
  readonly during: Summary;
  /** From the first ejection on, or (where none is known) the second half of the fault. */
  readonly after: Summary;
  /** From the begin of the fault until the first ejection, ms; undefined: none, or not known. */
  readonly ejectedAfter: number | undefined;
}

/** The turns of every contender that takes part, by round. */
export type Turns = ReadonlyMap<Name, readonly Turn[]>;

export async function compare(
  { policy, occur }: Rivalry,
  absent: ReadonlySet<Name>,
  { seconds }: Options,
  scope: Scope,
  note: (text: string) => void,
): Promise<Turns> {
  const addresses = await AddressBlock.claim(process.env['OUTRIGGER_TEST_POD_PREFIX']);
  scope.defer(() => addresses.release());
  const backends = await FaultyBackend.start(scope, addresses, BACKENDS);
  const present = NAMES.filter((name) => !absent.has(name));
  const turns = new Map<Name, Turn[]>(present.map((name) => [name, []]));
  const rounds = seconds === undefined ? ROUNDS : 1;
  const times =
    seconds === undefined ? { calmMs: CALM_MS, faultMs: FAULT_MS } : { calmMs: seconds * 500, faultMs: seconds * 1000 };
  for (let round = 0; round < rounds; round += 1) {
    for (const name of round % 2 === 0 ? present : present.toReversed()) {
      const inner = new Scope();
      scope.defer(() => inner.end());
      const address = addresses.take();
      const place = { address, backends: backends.map((backend) => backend.address) };
      const contender = await startContender(inner, name, place, policy);
      const turn = await takeTurn(inner, contender, backends, occur, times);
      await inner.end();
      turns.get(name)?.push(turn);
      note(`round ${round + 1} of ${rounds}, ${name}: ${turn.during.failed} failed, p99 ${turn.during.p99.toFixed(1)} ms`);
      await Promise.all(backends.map((backend) => backend.renew()));
    }
  }
  return turns;
}

async function takeTurn(
  scope: Scope,
  { target, ejectedAt }: Awaited<ReturnType<typeof startContender>>,
  backends: readonly FaultyBackend[],
  occur: Rivalry['occur'],
  { calmMs, faultMs }: { readonly calmMs: number; readonly faultMs: number },
): Promise<Turn> {
  const seconds = (WARM_MS + calmMs + faultMs) / 1000;
  const load = await startRate(scope, { targets: [target], rate: RATE, connections: CONNECTIONS, seconds, place: 'rest' });
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
export function middle(turns: readonly Turn[], of: (turn: Turn) => number): number {
  return median(turns.map(of));
}
