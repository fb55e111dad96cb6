/** The Dockerfile as text; and the images' file system, built here by its commands, since only running in it shows a missing library. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { PROXY_NODE_FLAGS } from '../../scripts/node-flags.ts';
import { BUNDLES, ensureBundles } from '../bench/bundles.ts';
import { argumentsOf, dockerfile, stageWithBases } from './dockerfile.ts';

const ROOT = join(import.meta.dirname, '../..');
const IMAGES = { operator: [], proxy: PROXY_NODE_FLAGS } as const;
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  version: string;
  devDependencies: Record<string, string>;
};
const names = Object.keys(IMAGES) as (keyof typeof IMAGES)[];

test('base images are Node in exactly the version of the tests, or scratch', () => {
  const stages = new Set(dockerfile.map(({ name }) => name));
  const foreign = dockerfile.map(({ from }) => from).filter((from) => !stages.has(from));
  assert.deepEqual(new Set(foreign), new Set([`node:${manifest.devDependencies['node']}-bookworm-slim`, 'scratch']));
  assert.equal(`v${manifest.devDependencies['node']}`, process.version);
});

for (const image of names) {
  test(`${image}: an empty base, Node and one bundle; not root; stops on SIGTERM`, () => {
    const instructions = stageWithBases(image);
    const copied = argumentsOf(instructions, 'COPY');
    assert.deepEqual(copied, ['--from=root /root-fs /', `--from=build /src/dist/${image}.mjs /app/${image}.mjs`]);
    assert.deepEqual(
      argumentsOf(instructions, 'ENTRYPOINT').map((json) => JSON.parse(json) as unknown),
      [['node', ...IMAGES[image], `/app/${image}.mjs`]],
    );
    assert.deepEqual(argumentsOf(instructions, 'USER'), ['65532:65532']);
    assert.deepEqual(argumentsOf(instructions, 'STOPSIGNAL'), ['SIGTERM']);
    for (const name of ['RUN', 'ADD', 'CMD', 'VOLUME']) assert.deepEqual(argumentsOf(instructions, name), [], name);
  });

  test(`${image}: labels have title and version`, () => {
    const instructions = stageWithBases(image);
    const labels = new Map(
      argumentsOf(instructions, 'LABEL')
        .flatMap((text) => [...text.matchAll(/org\.opencontainers\.image\.(\w+)="([^"]*)"/g)])
        .map(([, k, v]) => [k, v]),
    );
    assert.equal(labels.get('title'), `Outrigger ${image}`);
    assert.equal(labels.get('licenses'), 'Apache-2.0');
    assert.deepEqual([labels.get('version'), labels.get('revision')], ['${VERSION}', '${REVISION}']);
    assert.ok(argumentsOf(instructions, 'ARG').includes(`VERSION=${manifest.version}`));
  });
}

test('no secrets, no downloads except those in the lock file, and only sources in the build context', () => {
  for (const { name, instructions } of dockerfile) {
    for (const each of instructions) {
      assert.doesNotMatch(each.arguments, /secret|token|password|credential|curl|wget|http:|https:/i, `${name}: ${each.name}`);
    }
  }
  const installs = dockerfile
    .flatMap(({ instructions }) => argumentsOf(instructions, 'RUN'))
    .filter((rest) => /npm|apt/.test(rest));
  assert.deepEqual(installs, ['npm ci --ignore-scripts --no-audit --no-fund']);
  const [first, ...others] = readFileSync(join(ROOT, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  assert.equal(first, '*');
  const allowed = others.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
  assert.deepEqual(copiedForBuild().sort(), allowed.sort());
});

/** Paths that the stage `build` copies from the project. */
function copiedForBuild(): string[] {
  const build = dockerfile.find(({ name }) => name === 'build')?.instructions ?? [];
  return argumentsOf(build, 'COPY').flatMap((rest) => rest.split(' ').slice(0, -1));
}

test('the bundles can be built from those paths alone, and are the same', (t) => {
  ensureBundles();
  const folder = mkdtempSync(join(tmpdir(), 'outrigger-build-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const filter = (path: string) => !/\.(test\.ts|md)$/.test(path);
  for (const path of copiedForBuild()) cpSync(join(ROOT, path), join(folder, path), { recursive: true, filter });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const { status, stderr } = spawnSync(process.execPath, ['scripts/build.ts'], { cwd: folder, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  for (const bundle of Object.values(BUNDLES)) {
    assert.ok(readFileSync(join(folder, bundle)).equals(readFileSync(join(ROOT, bundle))), bundle);
  }
});

/** Runs the commands of the stage `root`, with the Node of this machine instead of the image's. */
function makeRoot(folder: string): void {
  const [script = ''] = argumentsOf(stageWithBases('root'), 'RUN');
  const here = script
    .replaceAll(' /usr/local/LICENSE ', ` ${join(ROOT, 'LICENSE')} `)
    .replaceAll(' /usr/local/bin/node ', ` ${process.execPath} `)
    .replaceAll('/root-fs', folder);
  const { status, stderr } = spawnSync('/bin/sh', ['-ec', here], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
}

/** Changes the root folder; in a user namespace where the user is not root. */
const enter = process.getuid?.() === 0 ? ['chroot'] : ['unshare', '--user', '--map-root-user', 'chroot'];
const canEnter = spawnSync(enter[0] ?? '', [...enter.slice(1), '/', '/bin/true']).status === 0;

test(
  'Node and both bundles run in the file system of the images, which has no shell',
  { skip: canEnter ? false : 'neither root nor user namespaces' },
  (t) => {
    ensureBundles();
    const folder = mkdtempSync(join(tmpdir(), 'outrigger-root-'));
    t.after(() => rmSync(folder, { recursive: true }));
    makeRoot(folder);
    for (const bundle of Object.values(BUNDLES)) cpSync(join(ROOT, bundle), join(folder, bundle.replace('dist', 'app')));
    const run = (...argv: string[]) => {
      const [file = '', ...args] = [...enter, folder, ...argv];
      return spawnSync(file, args, { env: { PATH: `/usr/local/bin:${process.env['PATH']}` }, encoding: 'utf8' });
    };
    for (const image of names) {
      const [json = '[]'] = argumentsOf(stageWithBases(image), 'ENTRYPOINT');
      const { status, stdout, stderr } = run(...(JSON.parse(json) as string[]), '--help');
      assert.equal(status, 0, stderr);
      assert.match(stdout, new RegExp(`^outrigger ${image}:`));
    }
    assert.notEqual(run('/bin/sh', '-c', 'true').status, 0);
    // A kubelet mounts this file: its names are resolved, also without a DNS server.
    writeFileSync(join(folder, 'etc/hosts'), '127.0.0.9 somewhere\n');
    const lookup = "require('dns').lookup('somewhere', (error, address) => console.log(error?.message ?? address))";
    assert.equal(run('node', '-e', lookup).stdout, '127.0.0.9\n');
  },
);
