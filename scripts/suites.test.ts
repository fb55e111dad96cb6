import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';

const CASES = `
  import test from 'node:test';
  test('passes', () => {});
  test('fails', () => { throw new Error('no'); });
  test('skips', { skip: 'no tool' }, () => {});`;

test('suites: what passed, failed and was skipped is counted; a failure, an empty suite and a skip with every tool there are failures', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-suites-'));
  t.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'mixed.test.ts'), CASES);
  await writeFile(join(folder, 'skips.test.ts'), `import test from 'node:test'; test('skips', { skip: true }, () => {});`);

  // A runner inside a test has to be a process of its own, that does not know of the test around it.
  const program = `
    import { runSuite } from ${JSON.stringify(join(import.meta.dirname, 'suites.ts'))};
    console.log('RESULT' + JSON.stringify(await runSuite('x', [process.argv[2]], 1)));`;
  await writeFile(join(folder, 'program.mjs'), program);
  const suite = (file: string, env: NodeJS.ProcessEnv = {}) => {
    const argv = [join(folder, 'program.mjs'), join(folder, file)];
    const { stdout } = spawnSync(process.execPath, argv, { encoding: 'utf8', env });
    return JSON.parse(/RESULT(.*)/.exec(stdout)?.[1] ?? 'null') as unknown;
  };
  assert.deepEqual(suite('mixed.test.ts'), { ok: false, counts: { passed: 1, failed: 1, skipped: 1 } });
  assert.deepEqual(suite('none.test.ts'), { ok: false, counts: { passed: 0, failed: 0, skipped: 0 } });
  assert.deepEqual(suite('skips.test.ts'), { ok: true, counts: { passed: 0, failed: 0, skipped: 1 } });
  assert.deepEqual(suite('skips.test.ts', { OUTRIGGER_REQUIRE_TOOLS: '1' }), {
    ok: false,
    counts: { passed: 0, failed: 0, skipped: 1 },
  });
});
