import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { createReadCounter } from './read-counter.ts';
import { PROXY_NODE_FLAGS } from '../../scripts/node-flags.ts';

test('collects once for 8 MB, in whatever pieces they are read', () => {
  for (const piece of [100, 65_536, 4_000_000]) {
    let collections = 0;
    const count = createReadCounter(() => collections++);
    for (let bytes = 0; bytes < 80_000_000; bytes += piece) count(piece);
    assert.ok(collections === 9 || collections === 10, `${collections} for pieces of ${piece}`);
  }
});

/** Reads 1,000 pieces of 64 KiB that no one keeps; prints how many of them are still there at most, in MB. */
const READS = `
  import { countRead } from './read-counter.ts';
  let most = 0;
  for (let i = 0; i < 1000; i++) {
    const piece = new Uint8Array(65536);
    if (process.argv[1] === 'counted') countRead(piece.length);
    await new Promise(setImmediate);
    most = Math.max(most, process.memoryUsage().arrayBuffers);
  }
  console.log(most / 1e6);
`;

test('the flags of the proxy allow it: few buffers wait that no one keeps', () => {
  const most = (how: string) => {
    const args = [...PROXY_NODE_FLAGS, '--input-type=module', '--eval', READS, how];
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: join(import.meta.dirname), encoding: 'utf8' });
    return Number(stdout) || assert.fail(stderr);
  };
  const [counted, others] = [most('counted'), most('not counted')];
  assert.ok(counted < 12 && others > 12, `${counted} MB, ${others} MB without`);
});
