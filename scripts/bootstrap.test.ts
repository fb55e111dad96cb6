import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';

/** A project with everything installed, and an `npm` that only writes down how it was called. */
async function project(t: TestContext, program: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-bootstrap-'));
  t.after(() => rm(folder, { recursive: true }));
  for (const name of ['scripts', 'fake-bin', 'node_modules/.bin']) await mkdir(join(folder, name), { recursive: true });
  await copyFile(join(import.meta.dirname, 'bootstrap.mjs'), join(folder, 'scripts/bootstrap.mjs'));
  await symlink(process.execPath, join(folder, 'node_modules/.bin/node'));
  await writeFile(join(folder, 'package-lock.json'), '{}');
  await writeFile(join(folder, 'node_modules/.package-lock.json'), '{}');
  await writeFile(join(folder, 'program.ts'), program);
  const npm = `#!/bin/sh\necho "npm $*" > "${folder}/called"; echo "$PATH" >> "${folder}/called"; exit "\${NPM_EXIT:-0}"\n`;
  await writeFile(join(folder, 'fake-bin/npm'), npm);
  await chmod(join(folder, 'fake-bin/npm'), 0o755);
  return folder;
}

function start(folder: string, args: string[] = [], env: NodeJS.ProcessEnv = {}) {
  const path = ['node_modules/.bin', 'fake-bin'].map((name) => join(folder, name)).join(':');
  const child = spawn(process.execPath, [join(folder, 'scripts/bootstrap.mjs'), 'program.ts', ...args], {
    env: { PATH: `${path}:/usr/bin:/bin`, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, output }));
  return { child, ended };
}

const called = (folder: string) => readFile(join(folder, 'called'), 'utf8').catch(() => undefined);
const age = (file: string) => utimes(file, new Date(0), new Date(0));

test('what is installed is not installed again; arguments and exit code pass through', async (t) => {
  const folder = await project(t, 'const args: string[] = process.argv.slice(2); console.log(args.join("+")); process.exit(7);');
  assert.deepEqual(await start(folder, ['a', '--b']).ended, { code: 7, output: 'a+--b\n' });
  assert.equal(await called(folder), undefined);
});

test('an install older than the lock file is done again, by an npm that does not run on the Node being replaced', async (t) => {
  const folder = await project(t, 'console.log("ran");');
  await age(join(folder, 'node_modules/.package-lock.json'));
  const { code, output } = await start(folder).ended;
  assert.equal(code, 0);
  assert.match(output, /Installing dependencies \(npm ci\)[^]*ran\n$/);
  const [command, path] = (await called(folder))?.split('\n') ?? [];
  assert.equal(command, 'npm ci --no-audit --no-fund --loglevel=error');
  assert.ok(path !== undefined && !path.includes('node_modules'), path);
});

test('a failing npm ci ends the matter, and says so', async (t) => {
  const folder = await project(t, 'console.log("ran");');
  await rm(join(folder, 'node_modules/.package-lock.json'));
  const { code, output } = await start(folder, [], { NPM_EXIT: '1' }).ended;
  assert.equal(code, 1);
  assert.match(output, /npm ci failed/);
  assert.doesNotMatch(output, /^ran/m);
});

test('without a Node 24 in node_modules the message says what to do', async (t) => {
  const folder = await project(t, '');
  await rm(join(folder, 'node_modules/.bin/node'));
  const missing = await start(folder).ended;
  assert.equal(missing.code, 1);
  assert.match(missing.output, /not a working Node\.js 24[^]*ignore-scripts[^]*npm approve-scripts node/);

  await writeFile(join(folder, 'node_modules/.bin/node'), '#!/bin/sh\necho v20.1.0\n', { mode: 0o755 });
  assert.match((await start(folder).ended).output, /not a working Node\.js 24 \(v20\.1\.0\)/);
});

test('signals reach the program, whose exit code is the answer; a program killed by a signal counts as 128 + its number', async (t) => {
  const graceful = await project(
    t,
    'process.on("SIGTERM", () => process.exit(5)); setInterval(() => undefined, 1000); console.log("up");',
  );
  const first = start(graceful);
  await once(first.child.stdout, 'data');
  first.child.kill('SIGTERM');
  assert.equal((await first.ended).code, 5);

  const killed = await project(t, 'process.kill(process.pid, "SIGKILL"); setInterval(() => undefined, 1000);');
  assert.equal((await start(killed).ended).code, 137);
});
