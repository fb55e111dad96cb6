/** The zone that the operator signs with a snapshot. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { endpoint, poolPart, snapshot } from '../snapshot/testing.ts';
import { push, rig, status } from './testing.ts';

const [a, b] = [poolPart([endpoint(1)]), poolPart([endpoint(2)])];
const at = (sequence: number) => ({ epoch: 10, sequence });
const zone = (name: string) => ({ claims: { zone: name } });

test('the data plane gets the zone with every snapshot', async (t) => {
  const r = await rig(t);
  await push(r, snapshot(at(1), [r.key.publicKey], [a]), zone('eu-1a'));
  await push(r, snapshot(at(2), [r.key.publicKey], [b]), zone(''));
  assert.deepEqual(r.dataPlane.zones, ['eu-1a', '']);
});

test('the same snapshot with another zone: the zone is applied, with parts that the proxy has', async (t) => {
  const r = await rig(t);
  const keys = [r.key.publicKey];
  await push(r, snapshot(at(1), keys, [a]), zone(''));
  const answer = await push(r, snapshot(at(1), keys, [], [a]), zone('eu-1a'));
  assert.equal(answer.status, 200);
  assert.equal((await push(r, snapshot(at(1), keys, [a]), zone('eu-1a'))).status, 200);
  assert.deepEqual(r.dataPlane.zones, ['', 'eu-1a']);
  assert.deepEqual(r.dataPlane.applied[1]?.pools[0]?.part, a);
  assert.deepEqual(r.metrics.counted, ['applied 10.1', 'applied 10.1', 'unchanged']);
});

test('a status request does not change the zone', async (t) => {
  const r = await rig(t);
  await push(r, snapshot(at(1), [r.key.publicKey], [a]), zone('eu-1a'));
  assert.equal((await status(r, zone('eu-1b'))).status, 200);
  assert.deepEqual(r.dataPlane.zones, ['eu-1a']);
});

test('a restarted container keeps its zone, and the same push changes nothing', async (t) => {
  const first = await rig(t);
  const keys = [first.key.publicKey];
  await push(first, snapshot(at(1), keys, [a]), zone('eu-1a'));
  await push(first, snapshot(at(1), keys, [a]), zone('eu-1b'));
  await first.control.close();
  const r = await rig(t, first);
  assert.deepEqual(r.dataPlane.zones, ['eu-1b']);
  await push(r, snapshot(at(1), keys, [a]), zone('eu-1b'));
  assert.deepEqual(r.metrics.counted, ['applied 10.1', 'unchanged']);
});

for (const [name, kept, restored] of [
  ['no zone, as older proxies saved it', undefined, true],
  ['a zone that is not a string', 7, false],
  ['a zone that is too long', 'z'.repeat(254), false],
] as const)
  test(`a last good snapshot with ${name}: ${restored ? 'the zone is not known' : 'is set aside'}`, async (t) => {
    const first = await rig(t);
    await push(first, snapshot(at(1), [first.key.publicKey], [a]), zone('eu-1a'));
    await first.control.close();
    const path = join(first.folder, 'snapshot.json');
    await writeFile(path, JSON.stringify({ ...(JSON.parse(await readFile(path, 'utf8')) as object), zone: kept }));
    const r = await rig(t, first);
    assert.equal(r.restored, restored);
    assert.deepEqual(r.dataPlane.zones, restored ? [''] : []);
  });
