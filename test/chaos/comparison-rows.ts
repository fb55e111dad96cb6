/** The faults that are looked at beside HAProxy and nginx, and what is promised of them. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Row } from '../bench/bench.ts';
import type { Experiment } from './chaos.ts';
import { compare, medianOf, type ComparedFault, type RoundResult, type RoundResults } from './comparison.ts';
import { COMPETITORS, whyUnavailable, type CompetitorName } from './competitors.ts';
import type { FaultyBackend } from './faulty.ts';
import type { Mode } from './modes.ts';
import { RETRY_AFTER_TIMEOUT, DEFAULT_RETRY, fullPassiveCheck } from './policies.ts';
import { ms } from './verdict.ts';

const KILL_EVERY_MS = 1200;
const DEAD_MS = 600;

interface ComparisonRow extends ComparedFault {
  /** Goes into "while …". */
  readonly what: string;
  /** What is promised besides that nothing fails, given our turns and everybody's. */
  readonly promises: (ours: readonly RoundResult[], turns: RoundResults) => readonly Row[];
}

const pool = (type: 'LeastRequest' | 'PeakEWMA') => ({ loadBalancer: { type }, healthCheck: { passive: fullPassiveCheck() } });

/** The first backend is in this mode for the whole time. */
const failing =
  (mode: Mode): ComparedFault['occur'] =>
  async (backends, over) => {
    await (backends[0] as FaultyBackend).setMode(mode);
    await over;
  };

const COMPARISONS = {
  'beside-kill': {
    what: 'backends are killed in turn',
    policy: { part: pool('LeastRequest'), route: { retry: DEFAULT_RETRY } },
    occur: async (backends, over) => {
      let going = true;
      void over.then(() => (going = false));
      for (let turn = 0; going; turn += 1) {
        const victim = backends[turn % backends.length] as FaultyBackend;
        await victim.kill();
        await pause(DEAD_MS);
        await victim.start();
        await pause(KILL_EVERY_MS - DEAD_MS);
      }
    },
    promises: () => [],
  },
  'beside-slow': {
    what: 'one of five is 200 ms slower',
    policy: { part: pool('PeakEWMA'), route: { retry: DEFAULT_RETRY } },
    occur: failing('slow'),
    promises: (ours, turns) => [fasterThanOthers(ours, turns)],
  },
  'beside-hang': {
    what: 'one of five accepts and never answers',
    policy: { part: pool('LeastRequest'), route: { retry: RETRY_AFTER_TIMEOUT } },
    occur: failing('hang'),
    promises: (ours) => [within(ours, 600), afterEjection(ours, 1.2)],
  },
  'beside-half': {
    what: 'one of five answers 503 to half its requests',
    policy: { part: pool('LeastRequest'), route: { retry: DEFAULT_RETRY } },
    occur: failing('half'),
    promises: (ours) => [ejectedWithin(ours, 2000), afterEjection(ours, 2)],
  },
} as const satisfies Readonly<Record<string, ComparisonRow>>;

const during = ({ during: { p99 } }: RoundResult) => p99;

function fasterThanOthers(ours: readonly RoundResult[], turns: RoundResults): Row {
  const others = [...turns].filter(([name]) => name !== 'ours').map(([, each]) => medianOf(each, during));
  const [mine, best] = [medianOf(ours, during), Math.min(...others)];
  const number = others.length > 0 ? `${(mine / best).toFixed(2)} (${ms(mine)} ÷ ${ms(best)} ms)` : 'there is no other';
  return { what: 'ours: p99 ÷ that of the better other', number, bound: { text: '≤ 0.25', met: mine <= 0.25 * best } };
}

function within(ours: readonly RoundResult[], bound: number): Row {
  const mine = medianOf(ours, ({ during: { p999 } }) => p999);
  return { what: 'ours: p99.9', number: `${ms(mine)} ms`, bound: { text: `≤ ${bound} ms`, met: mine <= bound } };
}

function ejectedWithin(ours: readonly RoundResult[], bound: number): Row {
  const times = ours.map(({ ejectedAfter }) => ejectedAfter ?? Infinity);
  const number = times.map((time) => (time === Infinity ? 'never' : `${ms(time)} ms`)).join(', ');
  return {
    what: 'ours: ejected after, in each round',
    number,
    bound: { text: `≤ ${bound} ms`, met: Math.max(...times) <= bound },
  };
}

/** Calm is the worst of the rounds' calm p99: what the machine's own unrest comes to. */
function afterEjection(ours: readonly RoundResult[], factor: number): Row {
  const calms = ours.map(({ calm }) => calm.p99);
  const [mine, calm] = [medianOf(ours, ({ after }) => after.p99), Math.max(...calms)];
  const ejected = ours.every(({ ejectedAfter }) => ejectedAfter !== undefined);
  return {
    what: `ours: p99 after the ejection, beside calm rounds (${calms.map(ms).join(', ')} ms)`,
    number: ejected ? `${ms(mine)} ms, ${(mine / calm).toFixed(2)} × the highest` : 'not ejected in every round',
    bound: { text: `≤ ${factor} ×`, met: ejected && mine <= factor * calm },
  };
}

function rowOf(name: CompetitorName, what: string, turns: readonly RoundResult[]): Row {
  const failed = turns.reduce((sum, { during: { failed } }) => sum + failed, 0);
  const sent = turns.reduce((sum, { during: { sent } }) => sum + sent, 0);
  const [calm, p50, p99, p999, after] = [
    (turn: RoundResult) => turn.calm.p99,
    (turn: RoundResult) => turn.during.p50,
    during,
    (turn: RoundResult) => turn.during.p999,
    (turn: RoundResult) => turn.after.p99,
  ].map((of) => ms(medianOf(turns, of)));
  return {
    what: `${name}, while ${what}`,
    number: `${failed} of ${sent} failed; p50 ${p50}, p99 ${p99}, p99.9 ${p999} ms; p99 calm ${calm}, later ${after} ms`,
    ...(name === 'ours' && { bound: { text: '0 failed', met: failed === 0 && sent > 0 } }),
  };
}

/** Where a tool is missing there is no row of it, which is said, and is a failure on a machine that must have them all. */
function skippedRow(name: CompetitorName, problem: string): Row {
  const required = process.env['OUTRIGGER_REQUIRE_TOOLS'] === '1';
  return { what: name, number: `skipped: ${problem}`, ...(required && { bound: { text: 'a result', met: false } }) };
}

function experimentOf({ what, promises, ...rivalry }: ComparisonRow): Experiment {
  return async (options, cleanup, note) => {
    const problems = new Map(
      COMPETITORS.flatMap((name) => [[name, whyUnavailable(name)] as const]).filter(([, problem]) => problem),
    );
    const turns = await compare(rivalry, new Set(problems.keys()), options, cleanup, note);
    return [
      ...[...turns].map(([name, each]) => rowOf(name, what, each)),
      ...[...problems].map(([name, problem]) => skippedRow(name, problem as string)),
      ...promises(turns.get('ours') ?? [], turns),
    ];
  };
}

export const comparisonRows = Object.fromEntries(
  Object.entries(COMPARISONS).map(([name, rival]) => [name, experimentOf(rival)]),
) as Readonly<Record<keyof typeof COMPARISONS, Experiment>>;
