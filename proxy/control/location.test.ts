/** The location of the proxy, which the operator signs with a snapshot. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { UNKNOWN_LOCATION } from '../snapshot/location.ts';
import { endpoint, poolPart, snapshot } from '../snapshot/testing.ts';
import { push, rig, status } from './testing.ts';

const [a, b] = [poolPart([endpoint(1)]), poolPart([endpoint(2)])];
const at = (sequence: number) => ({ epoch: 10, sequence });
const place = (zone: string, node: string) => ({ claims: { zone, node } });

test('the data plane gets the location with every snapshot', async (t) => {
  const r = await rig(t);
  await push(r, snapshot(at(1), [r.key.publicKey], [a]), place('eu-1a', 'n1'));
  await push(r, snapshot(at(2), [r.key.publicKey], [b]), place('', ''));
  assert.deepEqual(r.dataPlane.locations, [{ zone: 'eu-1a', node: 'n1' }, UNKNOWN_LOCATION]);
});

test('an older operator signs no node: it is not known', async (t) => {
  const r = await rig(t);
  const answer = await push(r, snapshot(at(1), [r.key.publicKey], [a]), { claims: { zone: 'eu-1a' } });
  assert.equal(answer.status, 200);
  assert.deepEqual(r.dataPlane.locations, [{ zone: 'eu-1a', node: '' }]);
});

test('the same snapshot with another zone or node: the location is applied, with parts that the proxy has', async (t) => {
  const r = await rig(t);
  const keys = [r.key.publicKey];
  await push(r, snapshot(at(1), keys, [a]), place('', 'n1'));
  for (const moved of [place('eu-1a', 'n1'), place('eu-1a', 'n2')]) {
    const answer = await push(r, snapshot(at(1), keys, [], [a]), moved);
    assert.equal(answer.status, 200);
    assert.equal((await push(r, snapshot(at(1), keys, [a]), moved)).status, 200);
  }
  assert.deepEqual(r.dataPlane.locations, [
    { zone: '', node: 'n1' },
    { zone: 'eu-1a', node: 'n1' },
    { zone: 'eu-1a', node: 'n2' },
  ]);
  assert.deepEqual(r.dataPlane.applied[2]?.pools[0]?.part, a);
  const moved = ['applied 10.1', 'unchanged'];
  assert.deepEqual(r.metrics.counted, ['applied 10.1', ...moved, ...moved]);
});

test('a status request does not change the location', async (t) => {
  const r = await rig(t);
  await push(r, snapshot(at(1), [r.key.publicKey], [a]), place('eu-1a', 'n1'));
  assert.equal((await status(r, place('eu-1b', 'n2'))).status, 200);
  assert.deepEqual(r.dataPlane.locations, [{ zone: 'eu-1a', node: 'n1' }]);
});

test('a restarted container keeps its location, and the same push changes nothing', async (t) => {
  const first = await rig(t);
  const keys = [first.key.publicKey];
  await push(first, snapshot(at(1), keys, [a]), place('eu-1a', 'n1'));
  await push(first, snapshot(at(1), keys, [a]), place('eu-1b', 'n2'));
  await first.control.close();
  const r = await rig(t, first);
  assert.deepEqual(r.dataPlane.locations, [{ zone: 'eu-1b', node: 'n2' }]);
  await push(r, snapshot(at(1), keys, [a]), place('eu-1b', 'n2'));
  assert.deepEqual(r.metrics.counted, ['applied 10.1', 'unchanged']);
});

const KNOWN = { zone: 'eu-1a', node: 'n1' };
for (const [name, kept, restored] of [
  ['no node, as older proxies saved it', { node: undefined }, { ...KNOWN, node: '' }],
  ['no zone and no node', { zone: undefined, node: undefined }, UNKNOWN_LOCATION],
  ['a zone that is not a string', { zone: 7 }, undefined],
  ['a zone that is too long', { zone: 'z'.repeat(254) }, undefined],
  ['a node that is not a string', { node: ['n1'] }, undefined],
] as const)
  test(`a last good snapshot with ${name}: ${restored ? 'what it has is taken' : 'is set aside'}`, async (t) => {
    const first = await rig(t);
    await push(first, snapshot(at(1), [first.key.publicKey], [a]), { claims: KNOWN });
    await first.control.close();
    const path = join(first.folder, 'snapshot.json');
    await writeFile(path, JSON.stringify({ ...(JSON.parse(await readFile(path, 'utf8')) as object), ...kept }));
    const r = await rig(t, first);
    assert.equal(r.restored, restored !== undefined);
    assert.deepEqual(r.dataPlane.locations, restored ? [restored] : []);
  });

test('a saved snapshot has the zone where older proxies look for it', async (t) => {
  const r = await rig(t);
  await push(r, snapshot(at(1), [r.key.publicKey], [a]), { claims: KNOWN });
  const saved = JSON.parse(await readFile(join(r.folder, 'snapshot.json'), 'utf8')) as object;
  assert.deepEqual(Object.keys(saved).sort(), ['digest', 'node', 'snapshot', 'zone']);
});
