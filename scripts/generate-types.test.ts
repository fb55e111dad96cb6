import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('./generate-types.ts', import.meta.url));
let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'generate-types-'));
});
after(() => rm(folder, { recursive: true }));

function run(...args: string[]): Promise<{ code: number; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [SCRIPT, ...args], (error, _stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stderr }),
    );
  });
}

test('the types in the repository are up to date with the CRD', async () => {
  assert.deepEqual(await run('--check'), { code: 0, stderr: '' });
});

test('the check fails on a difference, prints the line and the remedy, and writes nothing', async () => {
  const file = join(folder, 'changed.ts');
  await run(file);
  const changed = (await readFile(file, 'utf8')).replace('weight?: number', 'weight?: string');
  await writeFile(file, changed);
  const { code, stderr } = await run('--check', file);
  assert.equal(code, 1);
  assert.match(stderr, /present: {3}weight\?: string;\n {2}wanted: {4}weight\?: number;/);
  assert.match(stderr, /Run: node scripts\/generate-types\.ts/);
  assert.equal(await readFile(file, 'utf8'), changed);
});

test('the check fails on a missing file', async () => {
  assert.equal((await run('--check', join(folder, 'missing.ts'))).code, 1);
});
