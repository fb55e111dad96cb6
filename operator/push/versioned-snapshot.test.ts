import assert from 'node:assert/strict';
import { test } from 'node:test';
import { snapshotDigest } from '../../proxy/snapshot/canonical.ts';
import { endpoint, poolPart } from '../../proxy/snapshot/testing.ts';
import { SnapshotVersioner, desiredContent } from './versioned-snapshot.ts';
import { content } from './testing.ts';

const [a, b] = [desiredContent(content([poolPart([endpoint(1)])])), desiredContent(content([poolPart([endpoint(2)])]))];

test('equal contents are one wish, whatever object they are', () => {
  assert.equal(a.key, desiredContent(content([poolPart([endpoint(1)])])).key);
  assert.notEqual(a.key, b.key);
});

test('a content keeps its version; another gets the next', () => {
  const stamper = new SnapshotVersioner(9, ['k']);
  const first = stamper.assignVersion(a, 1);
  assert.deepEqual(first.version, { epoch: 9, sequence: 1 });
  assert.equal(stamper.assignVersion(a, 1), first);
  assert.equal(stamper.assignVersion(b, 1).version.sequence, 2);
});

test('above the floor a content gets a new version, which those that follow share', () => {
  const stamper = new SnapshotVersioner(9, ['k']);
  stamper.assignVersion(a, 1);
  stamper.assignVersion(b, 1);
  const again = stamper.assignVersion(a, 2);
  assert.equal(again.version.sequence, 3);
  assert.equal(stamper.assignVersion(a, 1), again);
  assert.equal(stamper.assignVersion(b, 7).version.sequence, 7);
  assert.equal(stamper.assignVersion(a, 4).version.sequence, 8);
});

test('a content that was no longer wanted comes back under a new version', () => {
  const stamper = new SnapshotVersioner(9, ['k']);
  stamper.assignVersion(a, 1);
  stamper.retain(new Set([b.key]));
  assert.equal(stamper.assignVersion(a, 1).version.sequence, 2);
});

test('the digest is what the proxy computes', () => {
  const { version, trustedKeys, digest, content: stamped } = new SnapshotVersioner(9, ['k']).assignVersion(a, 1);
  assert.equal(digest, snapshotDigest({ version, trustedKeys, listeners: stamped.listeners, pools: stamped.pools }));
});
