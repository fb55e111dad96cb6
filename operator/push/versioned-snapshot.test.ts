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
