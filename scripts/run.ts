/** One run of checks and tests: its temporary files are in one folder, and nothing of it is left when it ends or is interrupted. */
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * From now on TMPDIR, which child processes inherit, is a folder that is removed when this process exits: a test that is killed cannot
 * remove its own files. OUTRIGGER_TEST_KEEP=1 keeps it.
 *
 * @returns aborted by the first signal that asks this process to end; who runs something ends it then
 */
export function beginRun(): AbortSignal {
  const folder = mkdtempSync(join(tmpdir(), 'outrigger-run-'));
  process.env['TMPDIR'] = folder;
  process.once('exit', () => {
    if (process.env['OUTRIGGER_TEST_KEEP'] === '1') console.error(`temporary files are kept in ${folder}`);
    else rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  const interrupted = new AbortController();
  for (const name of SIGNALS) {
    process.on(name, () => {
      process.exitCode = 128 + constants.signals[name];
      interrupted.abort();
    });
  }
  return interrupted.signal;
}
