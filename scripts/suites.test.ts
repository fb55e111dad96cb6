import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';

const CASES = `
  import test from 'node:test';
  test('passes', () => {});
  test('fails', () => { throw new Error('no'); });
  test('skips', { skip: 'no tool' }, () => {});`;

test('suites: what passed, failed and was skipped is counted; a failure, a pattern without files and a skip with every tool there are failures', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-suites-'));
  t.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'mixed.test.ts'), CASES);
  await writeFile(join(folder, 'skips.test.ts'), `import test from 'node:test'; test('skips', { skip: true }, () => {});`);

  // A runner inside a test has to be a process of its own, that does not know of the test around it.
  const program = `
    import { runSuite } from ${JSON.stringify(join(import.meta.dirname, 'suites.ts'))};
    console.log('RESULT' + JSON.stringify(await runSuite('x', { concurrency: 2, ...JSON.parse(process.argv[2]) })));`;
  await writeFile(join(folder, 'program.mjs'), program);
  const suite = (file: string, env: NodeJS.ProcessEnv = {}, timed?: string) => {
    const slow = timed !== undefined && { timed: { files: [join(folder, timed)], concurrency: 1 } };
    const argv = [join(folder, 'program.mjs'), JSON.stringify({ files: [join(folder, file)], ...slow })];
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

  // A timed file runs after all others, each file once.
  const log = join(folder, 'order.log');
  const writes = (name: string) => `
    import { appendFileSync } from 'node:fs';
    import test from 'node:test';
    test('writes', () => appendFileSync(process.env.ORDER, ${JSON.stringify(`${name}\n`)}));`;
  for (const name of ['a', 'b', 'c']) await writeFile(join(folder, `order-${name}.test.ts`), writes(name));
  const all = { ok: true, counts: { passed: 3, failed: 0, skipped: 0 } };
  assert.deepEqual(suite('order-*.test.ts', { ORDER: log }, 'order-a.test.ts'), all);
  const order = (await readFile(log, 'utf8')).trim().split('\n');
  assert.deepEqual([order.toSorted(), order.at(-1)], [['a', 'b', 'c'], 'a']);
  assert.deepEqual(suite('order-*.test.ts', { ORDER: log }, 'renamed.test.ts'), { ...all, ok: false });
});
