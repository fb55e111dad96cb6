import { globSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

/** A file that hangs is ended and named, instead of holding up everything. */
const FILE_TIMEOUT_MS = 180_000;

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * Runs test files with node's own runner, a process each, and prints what its `spec` reporter prints.
 * No file at all is a failure: a suite that silently became empty would pass for ever.
 */
export async function runSuite(
  name: string,
  patterns: readonly string[],
  concurrency: number,
): Promise<{ ok: boolean; counts: Counts }> {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  const files = globSync(patterns).sort();
  console.log(`\n▶ ${name}: ${files.length} files`);
  if (files.length === 0) return { ok: false, counts };

  const events = run({ files, concurrency, timeout: FILE_TIMEOUT_MS });
  let ok = false;
  events.on('test:summary', (summary) => {
    if (summary.file !== undefined) return; // one per file, then one for all
    counts.passed = summary.counts.passed;
    counts.failed = summary.counts.tests - summary.counts.passed - summary.counts.skipped - summary.counts.todo;
    counts.skipped = summary.counts.skipped + summary.counts.todo;
    ok = summary.success;
  });
  await pipeline(events, new spec(), process.stdout, { end: false });
  const { OUTRIGGER_REQUIRE_TOOLS: tools, OUTRIGGER_TEST_CLUSTER: where } = process.env;
  // On somebody else's API server some tests can not run, whatever is installed.
  if (counts.skipped > 0 && tools === '1' && where !== 'external') {
    console.log(`✖ ${counts.skipped} skipped, although OUTRIGGER_REQUIRE_TOOLS=1 says that everything is installed`);
    ok = false;
  }
  return { ok, counts };
}
