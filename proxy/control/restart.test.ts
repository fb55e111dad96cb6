import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { endpoint, poolPart, snapshot, testKey } from '../snapshot/testing.ts';
import type { Version } from '../snapshot/types.ts';
import { push, rig, status } from './testing.ts';
import type { Rig } from './testing.ts';

const at = (epoch: number, sequence: number): Version => ({ epoch, sequence });
const [a, b] = [poolPart([endpoint(1)]), poolPart([endpoint(2)])];

/** A proxy that took two pushes, the second without the part that it already had, and then stopped. */
async function before(t: TestContext): Promise<Pick<Rig, 'folder' | 'key'>> {
  const r = await rig(t);
  assert.equal((await push(r, snapshot(at(10, 1), [r.key.publicKey], [a]))).status, 200);
  assert.equal((await push(r, snapshot(at(10, 2), [r.key.publicKey], [b], [a]))).status, 200);
  await r.control.close();
  return r;
}

async function answered(r: Rig): Promise<{ fence: Version; applied?: Version }> {
  return (await status(r)).body as { fence: Version; applied?: Version };
}

test('a new pod has no snapshot: not ready, and restore returns false', async (t) => {
  const r = await rig(t);
  assert.equal(r.restored, false);
  assert.equal(r.control.ready(), false);
});

test('a restarted container starts from its last good snapshot, with every part', async (t) => {
  const r = await rig(t, await before(t));
  assert.ok(r.restored && r.control.ready());
  assert.deepEqual(
    r.dataPlane.applied.map((applied) => [applied.version, applied.pools.map((pool) => pool.part)]),
    [[at(10, 2), [b, a]]],
  );
  assert.deepEqual(r.metrics.counted, ['applied 10.2']);
  assert.deepEqual(r.log.lines, []);
});

test('after a restart older snapshots are refused, the same one changes nothing, parts are still there', async (t) => {
  const r = await rig(t, await before(t));
  const keys = [r.key.publicKey];
  assert.equal((await push(r, snapshot(at(10, 1), keys, [a]))).status, 409);
  assert.equal((await push(r, snapshot(at(10, 2), keys, [b, a]))).status, 200);
  assert.equal(r.dataPlane.applied.length, 1);
  assert.equal((await push(r, snapshot(at(10, 3), keys, [], [a, b]))).status, 200);
});

test('trusted keys survive a restart with the last good snapshot', async (t) => {
  const first = await rig(t);
  const successor = testKey();
  await push(first, snapshot(at(10, 1), [successor.publicKey]));
  await first.control.close();
  const r = await rig(t, first);
  assert.equal((await status(r)).status, 401);
  assert.equal((await status(r, { key: successor })).status, 200);
});

for (const torn of ['', '{"digest":"', 'null', '[]', '{"digest":"ab","snapshot":{}}'])
  test(`a last good snapshot truncated to ${JSON.stringify(torn)} is set aside with a warning; the fence stays`, async (t) => {
    const old = await before(t);
    await writeFile(join(old.folder, 'snapshot.json'), torn);
    const r = await rig(t, old);
    assert.equal(r.restored, false);
    assert.deepEqual(r.log.lines, ['a state file is corrupt and is set aside']);
    assert.equal(await readFile(join(r.folder, 'snapshot.json.corrupt'), 'utf8'), torn);
    assert.equal((await push(r, snapshot(at(10, 1), [r.key.publicKey], [a]))).status, 409);
    assert.equal((await push(r, snapshot(at(10, 2), [r.key.publicKey], [b, a]))).status, 200);
    assert.equal(r.dataPlane.applied.length, 1);
  });

test('one changed byte in the last good snapshot is detected', async (t) => {
  for (const change of [
    (text: string) => text.replace('example.org', 'example.com'),
    (text: string) => text.replace('10.0.0.1', '10.0.0.7'),
  ]) {
    const old = await before(t);
    const path = join(old.folder, 'snapshot.json');
    const text = await readFile(path, 'utf8');
    assert.notEqual(change(text), text);
    await writeFile(path, change(text));
    assert.equal((await rig(t, old)).restored, false);
  }
});

test('a last good snapshot without one of its parts is set aside', async (t) => {
  const old = await before(t);
  const path = join(old.folder, 'snapshot.json');
  const file = JSON.parse(await readFile(path, 'utf8')) as { snapshot: { parts: object } };
  file.snapshot.parts = {};
  await writeFile(path, JSON.stringify(file));
  assert.equal((await rig(t, old)).restored, false);
});

test('a corrupt fence is set aside and restored from the last good snapshot', async (t) => {
  const old = await before(t);
  await writeFile(join(old.folder, 'fence.json'), '{"epoch":10,"seq');
  const r = await rig(t, old);
  assert.ok(r.restored);
  assert.deepEqual((await answered(r)).fence, at(10, 2));
});

test('killed between write and rename: the half-written file is ignored and rewritten', async (t) => {
  const old = await before(t);
  for (const name of ['fence.json.tmp', 'snapshot.json.tmp']) await writeFile(join(old.folder, name), '{"epoch":99');
  const r = await rig(t, old);
  assert.deepEqual(await answered(r).then(({ fence, applied }) => [fence, applied?.sequence]), [at(10, 2), 2]);
  assert.equal((await push(r, snapshot(at(10, 3), [r.key.publicKey], [a]))).status, 200);
  assert.deepEqual((await readdir(r.folder)).sort(), ['fence.json', 'snapshot.json']);
});

test('killed after the fence and before the snapshot was saved: the old snapshot serves, and the version can be pushed again', async (t) => {
  const old = await rig(t);
  const keys = [old.key.publicKey];
  await push(old, snapshot(at(10, 1), keys, [a]));
  const saved = await readFile(join(old.folder, 'snapshot.json'));
  await push(old, snapshot(at(10, 2), keys, [b]));
  await old.control.close();
  await writeFile(join(old.folder, 'snapshot.json'), saved);
  const r = await rig(t, old);
  const { fence, applied } = await answered(r);
  assert.deepEqual([fence, applied?.sequence], [at(10, 2), 1]);
  assert.equal((await push(r, snapshot(at(10, 2), keys, [poolPart([])]))).status, 409, 'another document of that version');
  assert.equal((await push(r, snapshot(at(10, 2), keys, [b]))).status, 200);
  assert.equal(r.dataPlane.applied.at(-1)?.version.sequence, 2);
});

test('a directory that cannot be written does not keep a snapshot from being applied', async (t) => {
  const parent = await mkdtemp(join(tmpdir(), 'outrigger-control-'));
  t.after(() => rm(parent, { recursive: true, force: true }));
  await writeFile(join(parent, 'file'), '');
  const r = await rig(t, { folder: join(parent, 'file', 'state') });
  assert.equal((await push(r, snapshot(at(10, 1), [r.key.publicKey]))).status, 200);
  assert.ok(r.control.ready());
  assert.deepEqual(r.log.lines.slice(-2), ['the fence cannot be saved', 'the last good snapshot cannot be saved']);
});

test('state files are readable by their owner only', async (t) => {
  const r = await rig(t);
  await push(r, snapshot(at(10, 1), [r.key.publicKey]));
  for (const name of ['fence.json', 'snapshot.json']) assert.equal((await stat(join(r.folder, name))).mode & 0o777, 0o600);
});
