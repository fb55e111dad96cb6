/**
 * `npm test`: every check and every suite, with their times, and one line of totals at the end.
 *
 *   node scripts/test.ts [step…] [--require-tools]     without steps: all of them; with steps: only those, in this order
 *
 * Every step runs even where an earlier one failed, so that one run shows all errors. OUTRIGGER_REQUIRE_TOOLS=1 turns a skipped
 * test into a failure: on a machine where everything was installed, a skip means that something was not tested.
 */
import { runChecks } from './checks.ts';
import { COMPILE_CACHE } from './compile-cache.ts';
import { beginRun } from './run.ts';
import { runSuite, type Counts, type Suite } from './suites.ts';

/** The one that takes longest first: it ends no later than all others together. */
const CHECKS = {
  lint: ['eslint', '--max-warnings=0', '.'],
  typecheck: ['tsc', '--project', '.'],
  format: ['prettier', '--check', '--log-level=warn', '.'],
  imports: ['depcruise', '--config', '.dependency-cruiser.cjs', 'operator', 'proxy', 'scripts', 'test'],
  'dead-code': ['knip', '--no-progress'],
  generated: ['node', 'scripts/generated.ts'],
} as const;

/**
 * Clusters of integration test files at the same time. On one given API server, or in one given block of addresses, there is room for
 * one only.
 */
const { OUTRIGGER_TEST_CLUSTER, OUTRIGGER_TEST_POD_PREFIX } = process.env;
const clusters = OUTRIGGER_TEST_CLUSTER === 'external' || OUTRIGGER_TEST_POD_PREFIX !== undefined ? 1 : 2;

/**
 * In turn, after the checks. Most test files wait more than they compute, so more of them run at the same time than there are CPUs.
 * Golden and contract tests are unit tests by nature; `golden` runs the first of them alone.
 */
const SUITES = {
  unit: {
    files: [
      '{operator,proxy,crds,scripts,test/local-cluster,test/golden,test/install,test/monitoring,test/bench,test/chaos,test/differential}/**/*.test.ts',
    ],
    concurrency: 4,
    timed: {
      files: ['operator/{leader,watch}/*.test.ts', 'proxy/e2e/{circuit-breaker,ejection}.test.ts', 'proxy/pipeline.test.ts'],
      concurrency: 2,
    },
  },
  golden: { files: ['{operator,test/golden}/**/*golden*.test.ts'], concurrency: 2 },
  integration: {
    files: ['test/integration/**/*.test.ts'],
    concurrency: clusters,
    timed: { files: ['test/integration/{engines,faults}.test.ts'], concurrency: 1 },
  },
} as const satisfies Readonly<Record<string, Suite>>;

const BUILD = { build: ['node', 'scripts/build.ts'] } as const;

type Step = keyof typeof CHECKS | keyof typeof SUITES | keyof typeof BUILD;
const ALL: readonly Step[] = [...(Object.keys(CHECKS) as Step[]), 'unit', 'build', 'integration'];
const isCheck = (step: Step): step is keyof typeof CHECKS => step in CHECKS;
const isSuite = (step: Step): step is keyof typeof SUITES => step in SUITES;

function chosen(names: readonly string[]): readonly Step[] {
  const known = new Set<string>([...ALL, ...Object.keys(SUITES)]);
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    console.error(`no such step: ${unknown.join(', ')}; there are: ${[...known].join(', ')}`);
    process.exit(2);
  }
  return names.length > 0 ? (names as Step[]) : ALL;
}

const steps = chosen(process.argv.slice(2));
const failed: string[] = [];
const totals: Counts = { passed: 0, failed: 0, skipped: 0 };
const started = performance.now();
const interrupted = beginRun();
process.env['NODE_COMPILE_CACHE'] ??= COMPILE_CACHE;

failed.push(...(await runChecks(Object.fromEntries(steps.filter(isCheck).map((step) => [step, CHECKS[step]])), interrupted)));
for (const step of steps) {
  if (interrupted.aborted) break;
  if (isSuite(step)) {
    const { ok, counts } = await runSuite(step, SUITES[step], interrupted);
    if (!ok) failed.push(step);
    totals.passed += counts.passed;
    totals.failed += counts.failed;
    totals.skipped += counts.skipped;
  } else if (!isCheck(step)) {
    failed.push(...(await runChecks({ [step]: BUILD[step] }, interrupted)));
  }
}

console.log(
  `\n${steps.length} steps in ${((performance.now() - started) / 1000).toFixed(1)} s${failed.length > 0 ? `; FAILED: ${failed.join(', ')}` : ', all passed'}`,
);
if (steps.some(isSuite)) console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
if (interrupted.aborted) console.log('interrupted: not every step ran to its end');
else process.exitCode = failed.length > 0 ? 1 : 0;
