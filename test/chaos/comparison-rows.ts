/** The faults that are compared with HAProxy and nginx, and their bounds. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Row } from '../bench/bench.ts';
import type { Experiment } from './chaos.ts';
import { compare, medianOf, type ComparedFault, type RoundResult, type RoundResults } from './comparison.ts';
import { COMPETITORS, whyUnavailable, type CompetitorName } from './competitors.ts';
import type { FaultyBackend } from './faulty-backend-process.ts';
import type { Mode } from './modes.ts';
import { RETRY_AFTER_TIMEOUT, DEFAULT_RETRY, fullPassiveCheck } from './policies.ts';
import { ms } from './result-row.ts';

const KILL_EVERY_MS = 1200;
const DEAD_MS = 600;

interface ComparisonRow extends ComparedFault {
  /** Completes "while …". */
  readonly what: string;
  /** Bounds in addition to that no request fails, from our results and those of all. */
  readonly bounds: (ours: readonly RoundResult[], results: RoundResults) => readonly Row[];
}

const pool = (type: 'LeastRequest' | 'PeakEWMA') => ({ loadBalancer: { type }, healthCheck: { passive: fullPassiveCheck() } });

/** The first backend is in this mode during the whole fault. */
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
      for (let kills = 0; going; kills += 1) {
        const victim = backends[kills % backends.length] as FaultyBackend;
        await victim.kill();
        await pause(DEAD_MS);
        await victim.start();
        await pause(KILL_EVERY_MS - DEAD_MS);
      }
    },
    bounds: () => [],
  },
  'beside-slow': {
    what: 'one of five is 200 ms slower',
    policy: { part: pool('PeakEWMA'), route: { retry: DEFAULT_RETRY } },
    occur: failing('slow'),
    bounds: (ours, results) => [fasterThanOthers(ours, results)],
  },
  'beside-hang': {
    what: 'one of five accepts and never answers',
    policy: { part: pool('LeastRequest'), route: { retry: RETRY_AFTER_TIMEOUT } },
    occur: failing('hang'),
    bounds: (ours) => [within(ours, 600), afterEjection(ours, 1.2)],
  },
  'beside-half': {
    what: 'one of five answers 503 to half its requests',
    policy: { part: pool('LeastRequest'), route: { retry: DEFAULT_RETRY } },
    occur: failing('half'),
    bounds: (ours) => [ejectedWithin(ours, 2000), afterEjection(ours, 2)],
  },
} as const satisfies Readonly<Record<string, ComparisonRow>>;

const during = ({ during: { p99 } }: RoundResult) => p99;

function fasterThanOthers(ours: readonly RoundResult[], results: RoundResults): Row {
  const others = [...results].filter(([name]) => name !== 'ours').map(([, each]) => medianOf(each, during));
  const [mine, best] = [medianOf(ours, during), Math.min(...others)];
  const number = others.length > 0 ? `${(mine / best).toFixed(2)} (${ms(mine)} ÷ ${ms(best)} ms)` : 'no other competitor';
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

/** The reference is the highest p99 of the rounds without a fault: it includes the noise of the machine. */
function afterEjection(ours: readonly RoundResult[], factor: number): Row {
  const calms = ours.map(({ calm }) => calm.p99);
  const [mine, calm] = [medianOf(ours, ({ after }) => after.p99), Math.max(...calms)];
  const ejected = ours.every(({ ejectedAfter }) => ejectedAfter !== undefined);
  return {
    what: `ours: p99 after the ejection; before the fault (${calms.map(ms).join(', ')} ms)`,
    number: ejected ? `${ms(mine)} ms, ${(mine / calm).toFixed(2)} × the highest` : 'not ejected in every round',
    bound: { text: `≤ ${factor} ×`, met: ejected && mine <= factor * calm },
  };
}

function rowOf(name: CompetitorName, what: string, results: readonly RoundResult[]): Row {
  const failed = results.reduce((sum, { during: { failed } }) => sum + failed, 0);
  const sent = results.reduce((sum, { during: { sent } }) => sum + sent, 0);
  const [calm, p50, p99, p999, after] = [
    (result: RoundResult) => result.calm.p99,
    (result: RoundResult) => result.during.p50,
    during,
    (result: RoundResult) => result.during.p999,
    (result: RoundResult) => result.after.p99,
  ].map((of) => ms(medianOf(results, of)));
  return {
    what: `${name}, while ${what}`,
    number: `${failed} of ${sent} failed; p50 ${p50}, p99 ${p99}, p99.9 ${p999} ms; p99 calm ${calm}, later ${after} ms`,
    ...(name === 'ours' && { bound: { text: '0 failed', met: failed === 0 && sent > 0 } }),
  };
}

/** A row for a tool that is not installed; a missed bound where all tools are required. */
function skippedRow(name: CompetitorName, problem: string): Row {
  const required = process.env['OUTRIGGER_REQUIRE_TOOLS'] === '1';
  return { what: name, number: `skipped: ${problem}`, ...(required && { bound: { text: 'a result', met: false } }) };
}

function experimentOf({ what, bounds, ...fault }: ComparisonRow): Experiment {
  return async (options, cleanup, note) => {
    const problems = new Map(
      COMPETITORS.flatMap((name) => [[name, whyUnavailable(name)] as const]).filter(([, problem]) => problem),
    );
    const results = await compare(fault, new Set(problems.keys()), options, cleanup, note);
    return [
      ...[...results].map(([name, each]) => rowOf(name, what, each)),
      ...[...problems].map(([name, problem]) => skippedRow(name, problem as string)),
      ...bounds(results.get('ours') ?? [], results),
    ];
  };
}

export const comparisonRows = Object.fromEntries(
  Object.entries(COMPARISONS).map(([name, row]) => [name, experimentOf(row)]),
) as Readonly<Record<keyof typeof COMPARISONS, Experiment>>;
