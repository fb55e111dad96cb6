import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import test from 'node:test';
import { promisify } from 'node:util';
import { tarMember } from './tar.ts';
import { ensureHelm, ensureKubectl } from './tools.ts';

const run = promisify(execFile);

test('kubectl and helm are available and recent enough', async () => {
  const kubectl = await run(await ensureKubectl(), ['version', '--client']);
  assert.match(kubectl.stdout, /Client Version: v1\.(3[4-9]|[4-9]\d)/);
  const helm = await run(await ensureHelm(), ['version', '--short']);
  assert.match(helm.stdout, /^v[4-9]/);
});

/** One tar entry: a header block, then the content, padded to a whole block. */
function entry(name: string, content: string, { prefix = '', size = content.length } = {}): Buffer {
  const block = Buffer.alloc(512 + Math.ceil(content.length / 512) * 512);
  block.write(name, 0);
  block.write(size.toString(8).padStart(11, '0'), 124);
  block.write('ustar', 257);
  block.write(prefix, 345);
  block.write(content, 512);
  return block;
}

test('a member of a tar archive is found by its full name', () => {
  const archive = Buffer.concat([
    entry('a', 'first'),
    entry('layer.zip', 'x'.repeat(700), { prefix: 'package/lib' }),
    Buffer.alloc(1024),
  ]);
  assert.equal(Buffer.from(tarMember(archive, 'a') ?? []).toString(), 'first');
  assert.equal(tarMember(archive, 'package/lib/layer.zip')?.length, 700);
  assert.equal(tarMember(archive, 'layer.zip'), undefined);
});

test('a truncated tar archive is an error, not an endless loop', () => {
  assert.throws(() => tarMember(entry('a', 'x', { size: 5000 }), 'b'), RangeError);
  const negative = entry('a', '');
  negative.write('-7777777777', 124);
  assert.throws(() => tarMember(Buffer.concat([negative, Buffer.alloc(512)]), 'b'), RangeError);
});
