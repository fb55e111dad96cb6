import { globSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

/** A file that hangs is ended and named, instead of holding up everything. */
const FILE_TIMEOUT_MS = 180_000;

export interface Suite {
  /** Patterns of test files, from the project's root. */
  readonly files: readonly string[];
  /** Files that run at the same time, a process each. */
  readonly concurrency: number;
  /** Those of the files that measure short times: they run after all others, fewer at the same time. */
  readonly timed?: { readonly files: readonly string[]; readonly concurrency: number };
}

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

interface Result {
  readonly ok: boolean;
  readonly counts: Counts;
}

/**
 * Runs test files with node's own runner, a process each, and prints what its `spec` reporter prints.
 * A pattern that matches no file is a failure: a suite that silently became empty would pass for ever.
 */
export async function runSuite(name: string, { files, concurrency, timed }: Suite, signal?: AbortSignal): Promise<Result> {
  const all = globSync(files).sort();
  const measuring = new Set(globSync(timed?.files ?? []));
  console.log(`\n▶ ${name}: ${all.length} files`);
  const empty = [...files, ...(timed?.files ?? [])].filter((pattern) => globSync(pattern).length === 0);
  for (const pattern of empty) console.log(`✖ no file matches ${pattern}`);

  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  let ok = empty.length === 0;
  for (const [batch, atOnce] of [
    [all.filter((file) => !measuring.has(file)), concurrency],
    [all.filter((file) => measuring.has(file)), timed?.concurrency ?? 1],
  ] as const) {
    if (batch.length === 0 || signal?.aborted) continue;
    const result = await runFiles(batch, atOnce, signal);
    ok &&= result.ok;
    counts.passed += result.counts.passed;
    counts.failed += result.counts.failed;
    counts.skipped += result.counts.skipped;
  }

  const { OUTRIGGER_REQUIRE_TOOLS: tools, OUTRIGGER_TEST_CLUSTER: where } = process.env;
  // On an API server that the tests did not start, some of them cannot run, whatever is installed.
  if (counts.skipped > 0 && tools === '1' && where !== 'external') {
    console.log(`✖ ${counts.skipped} skipped, although OUTRIGGER_REQUIRE_TOOLS=1 says that everything is installed`);
    ok = false;
  }
  return { ok, counts };
}

async function runFiles(files: readonly string[], concurrency: number, signal: AbortSignal | undefined): Promise<Result> {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  const events = run({ files, concurrency, timeout: FILE_TIMEOUT_MS, ...(signal && { signal }) });
  let ok = false;
  events.on('test:summary', (summary) => {
    if (summary.file !== undefined) return; // one per file, then one for all
    counts.passed = summary.counts.passed;
    counts.failed = summary.counts.tests - summary.counts.passed - summary.counts.skipped - summary.counts.todo;
    counts.skipped = summary.counts.skipped + summary.counts.todo;
    ok = summary.success;
  });
  await pipeline(events, new spec(), process.stdout, { end: false });
  return { ok, counts };
}
