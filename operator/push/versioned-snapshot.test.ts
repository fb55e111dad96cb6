import assert from 'node:assert/strict';
import { test } from 'node:test';
import { snapshotDigest } from '../../proxy/snapshot/canonical.ts';
import { endpoint, poolPart } from '../../proxy/snapshot/testing.ts';
import { SnapshotVersioner, desiredContent } from './versioned-snapshot.ts';
import { content } from './testing.ts';

const [a, b] = [desiredContent(content([poolPart([endpoint(1)])])), desiredContent(content([poolPart([endpoint(2)])]))];

test('equal contents have the same key, whatever the object', () => {
  assert.equal(a.key, desiredContent(content([poolPart([endpoint(1)])])).key);
  assert.notEqual(a.key, b.key);
});

test('when only endpoints change, the maps of generations and UIDs stay the same; otherwise they follow', () => {
  const make = (part: number, generation: number, uid: string) => ({
    ...content([poolPart([endpoint(part)])], generation),
    uids: new Map([['default/web', uid]]),
  });
  const first = make(1, 1, 'u');
  const other = desiredContent(make(2, 1, 'u'), first).content;
  assert.notDeepEqual(other.pools, first.pools);
  assert.equal(other.generations, first.generations);
  assert.equal(other.uids, first.uids);
  assert.deepEqual(desiredContent(make(1, 2, 'v'), first).content, make(1, 2, 'v'));
  const more = {
    ...first,
    generations: new Map([...first.generations, ['default/old', 1]]),
    uids: new Map([...first.uids, ['default/old', 'o']]),
  };
  assert.deepEqual(desiredContent(make(1, 1, 'u'), more).content, first);
  const { uids: _, ...without } = first;
  assert.deepEqual(desiredContent(without, first).content, without);
});

test('a content keeps its version; another gets the next', () => {
  const versioner = new SnapshotVersioner(9, ['k']);
  const first = versioner.assignVersion(a, 1);
  assert.deepEqual(first.version, { epoch: 9, sequence: 1 });
  assert.equal(versioner.assignVersion(a, 1), first);
  assert.equal(versioner.assignVersion(b, 1).version.sequence, 2);
});

test('below the minimum sequence a content gets a new version, which later pushes share', () => {
  const versioner = new SnapshotVersioner(9, ['k']);
  versioner.assignVersion(a, 1);
  versioner.assignVersion(b, 1);
  const again = versioner.assignVersion(a, 2);
  assert.equal(again.version.sequence, 3);
  assert.equal(versioner.assignVersion(a, 1), again);
  assert.equal(versioner.assignVersion(b, 7).version.sequence, 7);
  assert.equal(versioner.assignVersion(a, 4).version.sequence, 8);
});

test('a content that was dropped comes back under a new version', () => {
  const versioner = new SnapshotVersioner(9, ['k']);
  versioner.assignVersion(a, 1);
  versioner.retain(new Set([b.key]));
  assert.equal(versioner.assignVersion(a, 1).version.sequence, 2);
});

test('the digest equals the one that the proxy computes', () => {
  const { version, trustedKeys, digest, content: stamped } = new SnapshotVersioner(9, ['k']).assignVersion(a, 1);
  assert.equal(digest, snapshotDigest({ version, trustedKeys, listeners: stamped.listeners, pools: stamped.pools }));
});
