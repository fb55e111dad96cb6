/** The bundles that are shipped, from `npm run build`: the benchmarks measure nothing else. */
import { spawnSync } from 'node:child_process';
import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');
const SOURCES = ['{operator,proxy}/**/*.ts', 'scripts/build.ts', 'package-lock.json'];

/** Relative to the project's root. */
export const BUNDLES = { proxy: 'dist/proxy.mjs', operator: 'dist/operator.mjs' } as const;

const modified = (path: string) => statSync(join(ROOT, path), { throwIfNoEntry: false })?.mtimeMs;

/** Builds both bundles when one is missing or older than its sources. @throws Error when the build fails. */
export function ensureBundles(): void {
  const sources = globSync(SOURCES, { cwd: ROOT }).filter((path) => !path.endsWith('.test.ts'));
  const newest = Math.max(...sources.map((path) => modified(path) ?? 0));
  if (Object.values(BUNDLES).every((path) => (modified(path) ?? 0) >= newest)) return;
  const { status, error } = spawnSync(process.execPath, ['scripts/build.ts'], { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) throw new Error('the bundles could not be built', { cause: error });
}

/** In bytes. */
export function bundleSize(name: keyof typeof BUNDLES): number {
  return statSync(join(ROOT, BUNDLES[name])).size;
}
