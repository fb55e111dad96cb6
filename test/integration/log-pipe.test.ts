/** The standard output of a container is a pipe, whose reader may stop: the proxy must not. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { BUNDLES, ensureBundles } from '../bench/bundles.ts';
import { startChild } from '../bench/child.ts';
import { Cleanup } from '../bench/cleanup.ts';
import { startProxy } from '../bench/proxy-process.ts';

const scope = new Cleanup();
after(() => scope.run());

/** Far more than the 64 KiB of a pipe, with paths of 1,000 characters. */
const REQUESTS = 400;

async function namedPipe(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-log-'));
  scope.defer(() => rm(folder, { recursive: true }));
  const pipe = join(folder, 'pipe');
  assert.equal(spawnSync('mkfifo', [pipe]).status, 0);
  return pipe;
}

test('while no one reads its log the proxy serves; it ends when all lines were read', async () => {
  ensureBundles();
  const log = await namedPipe();
  const idle = startChild({ program: 'sh', args: ['-c', 'exec sleep 600 < "$0"', log] }, ['ignore', 'ignore', 'inherit']);
  scope.defer(() => void idle.kill('SIGKILL'));
  const address = '127.78.0.4';
  const args = ['--access-log-unrouted', '100', '--drain-delay', '0s'];
  const { pid, ended } = await startProxy(scope, {
    ...{ program: BUNDLES.proxy, address, port: 8080, args, log },
    ...{ backends: [], backendPort: 80, route: { hostnames: ['other.test'] } },
  });
  const paths = Array.from({ length: REQUESTS }, (_, i) => `/${String(i).padStart(4, '0')}${'x'.repeat(995)}`);
  for (const path of paths) assert.equal((await fetch(`http://${address}:8080${path}`)).status, 404);
  process.kill(pid, 'SIGTERM');
  const reader = startChild({ program: 'cat', args: [log] }, ['ignore', 'pipe', 'inherit']);
  scope.defer(() => void reader.kill('SIGKILL'));
  const [written, code] = await Promise.all([text(reader.stdout as NodeJS.ReadableStream), ended]);
  assert.equal(code, 0);
  const lines = written
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(
    lines.filter((line) => line['access']).map((line) => line['url.path']),
    paths,
  );
  assert.equal(lines.at(-1)?.['msg'], 'drained');
});
