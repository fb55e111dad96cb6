// Runs one of the project's TypeScript programs on a machine that may have nothing but git, npm and some Node >= 20:
//
//   node scripts/bootstrap.mjs path/to/program.ts [arguments…]
//
// Plain JavaScript without dependencies, because it runs before anything is installed and perhaps on an old Node.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'node_modules', '.bin');
const node = join(bin, 'node');

/** npm writes its hidden lock file last, so it stands for a whole install; an older one stands for another lock file. */
function installed() {
  const hidden = join(root, 'node_modules', '.package-lock.json');
  return existsSync(hidden) && statSync(hidden).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs;
}

/**
 * @param {string} message
 * @returns {never}
 */
function fail(message) {
  console.error(`\n${message}`);
  process.exit(1);
}

/** npm must not run on the Node binary that it is about to replace, so our own folder leaves the PATH. */
function install() {
  console.log('Installing dependencies (npm ci) …');
  const started = Date.now();
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.startsWith(join(root, 'node_modules')));
  const result = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, PATH: path.join(delimiter) },
  });
  if (result.error) fail(`npm could not be started (${result.error.message}). Install npm 10 or newer, then try again.`);
  if (result.status !== 0) fail('npm ci failed; its message is above. Mind that it needs the npm registry or a warm npm cache.');
  console.log(`Installed in ${((Date.now() - started) / 1000).toFixed(1)} s.`);
}

/** The npm package "node" fetches its binary in an install script, which some npm settings forbid. */
function checkNode() {
  const found = spawnSync(node, ['--version'], { encoding: 'utf8' });
  if (found.status === 0 && Number(/^v(\d+)/.exec(found.stdout)?.[1]) >= 24) return;
  fail(
    `node_modules/.bin/node is not a working Node.js 24 (${(found.error?.message ?? (found.stdout || found.stderr)).trim()}).\n` +
      'It comes from the npm package "node", whose install script must be allowed to run. Try:\n' +
      '  npm config get ignore-scripts      # must be false\n' +
      '  rm -rf node_modules && npm ci      # then look for warnings about scripts that were not run\n' +
      '  npm approve-scripts node           # with npm 11 or newer, when it names the package',
  );
}

const [program, ...rest] = process.argv.slice(2);
if (program === undefined) fail('usage: node scripts/bootstrap.mjs path/to/program.ts [arguments…]');
if (!installed()) install();
checkNode();

const child = spawn(node, [join(root, program), ...rest], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ''}` },
});
// The terminal sends Ctrl-C to the whole group and npm repeats it: the program counts such a burst as one. npm passes on what is sent to
// itself alone, but to its shell, which does not; so the scripts of package.json begin with `exec`, and this is that process.
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, () => child.kill(signal));
child.on('error', (error) => fail(`${program} could not be started: ${error.message}`));
child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : (code ?? 1)));
