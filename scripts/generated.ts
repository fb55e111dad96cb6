/** Checks that every generated file is up to date; each check names the files that are not, and the command to run. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const GENERATORS = ['generate-types.ts', 'generate-chart.ts', 'generate-stats-client.ts', 'generate-dashboards.ts'];

for (const generator of GENERATORS) {
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, generator), '--check'], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
