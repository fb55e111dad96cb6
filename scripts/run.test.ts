/** An interrupted run leaves neither processes nor temporary files, and says by its exit code which signal ended it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

const HANGS = `
  import { mkdtempSync, writeFileSync } from 'node:fs';
  import { tmpdir } from 'node:os';
  import { join } from 'node:path';
  import test from 'node:test';
  test('hangs', async () => {
    writeFileSync(join(mkdtempSync(join(tmpdir(), 'left-')), 'file'), 'x');
    writeFileSync(process.env.STARTED, String(process.pid));
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  });`;

const alive = (pid: number) => existsSync(`/proc/${pid}`);
async function eventually(condition: () => boolean): Promise<void> {
  for (const end = performance.now() + 20_000; !condition(); await pause(20)) assert.ok(performance.now() < end);
}

async function start(folder: string, env: NodeJS.ProcessEnv = {}) {
  const program = `
    import { beginRun } from ${JSON.stringify(join(import.meta.dirname, 'run.ts'))};
    import { runChecks } from ${JSON.stringify(join(import.meta.dirname, 'checks.ts'))};
    import { runSuite } from ${JSON.stringify(join(import.meta.dirname, 'suites.ts'))};
    const signal = beginRun();
    const suite = { files: [process.argv[2]], concurrency: 1, timed: { files: [process.argv[2]], concurrency: 1 } };
    await Promise.all([
      runSuite('x', suite, signal),
      runChecks({ sleeps: ['sleep', '60'], sleepsToo: ['sleep', '60'], waits: ['sleep', '60'] }, signal),
    ]);`;
  await writeFile(join(folder, 'program.mjs'), program);
  await writeFile(join(folder, 'hangs.test.ts'), HANGS);
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env;
  const started = join(folder, 'started');
  const child = spawn(process.execPath, [join(folder, 'program.mjs'), join(folder, 'hangs.test.ts')], {
    stdio: 'ignore',
    env: { ...inherited, TMPDIR: folder, STARTED: started, ...env },
  });
  const exited = once(child, 'exit') as Promise<[code: number | null, signal: string | null]>;
  await eventually(() => existsSync(started));
  return { child, exited, pid: Number(await readFile(started, 'utf8')) };
}

const runFolders = async (folder: string) => (await readdir(folder)).filter((name) => name.startsWith('outrigger-run-'));

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`a run that ${signal} ends leaves no process and no temporary file`, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'outrigger-interrupted-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const { child, exited, pid } = await start(folder);
    const [run = ''] = await runFolders(folder);
    assert.match((await readdir(join(folder, run))).join(), /left-/, 'what a test leaves is in the folder of the run');
    child.kill(signal);
    assert.deepEqual(await exited, [code, null]);
    await eventually(() => !alive(pid));
    assert.deepEqual(await runFolders(folder), []);
  });
}

test('OUTRIGGER_TEST_KEEP=1 keeps the temporary files', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-interrupted-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const { child, exited } = await start(folder, { OUTRIGGER_TEST_KEEP: '1' });
  child.kill('SIGTERM');
  await exited;
  assert.equal((await runFolders(folder)).length, 1);
});
