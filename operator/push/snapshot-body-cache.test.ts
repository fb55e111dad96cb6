import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { digest } from '../../proxy/snapshot/canonical.ts';
import { endpoint, poolPart, testKey } from '../../proxy/snapshot/testing.ts';
import { validateSnapshot } from '../../proxy/snapshot/validate.ts';
import { SnapshotBodyCache, missingParts } from './snapshot-body-cache.ts';
import { SnapshotVersioner, desiredContent } from './versioned-snapshot.ts';
import { content } from './testing.ts';

const parts = [1, 2].map((n) => poolPart([endpoint(n)]));
const digests = parts.map((part) => digest(part));
const stamper = new SnapshotVersioner(9, [testKey().publicKey]);
const stamp = stamper.assignVersion(desiredContent(content(parts)), 1);

test('a body carries the stamp and the parts asked for, and is valid', async () => {
  const body = await new SnapshotBodyCache().get(stamp, digests.slice(1));
  assert.equal(body.sha256, createHash('sha256').update(body.bytes).digest('hex'));
  assert.ok(body.gzip);
  const result = validateSnapshot(JSON.parse(gunzipSync(body.bytes).toString()));
  assert.ok(result.ok);
  assert.deepEqual(result.snapshot.parts, { [digests[1] as string]: parts[1] });
  assert.equal(result.digest, stamp.digest);
});

test('a small body is not compressed', async () => {
  const body = await new SnapshotBodyCache().get(stamper.assignVersion(desiredContent(content([])), 1), []);
  assert.equal(body.gzip, false);
  assert.ok(validateSnapshot(JSON.parse(body.bytes.toString())).ok);
});

test('proxies that need the same share one body, the last few are kept', async () => {
  const bodies = new SnapshotBodyCache(2);
  const first = bodies.get(stamp, digests);
  assert.equal(bodies.get(stamp, digests), first);
  assert.notEqual(bodies.get(stamp, []), first);
  assert.equal(bodies.get(stamp, digests), first);
  void bodies.get(stamp, digests.slice(1));
  assert.equal(bodies.get(stamp, digests), first, 'it was used more lately than the other');
  void bodies.get(stamp, []);
  void bodies.get(stamp, digests.slice(1));
  assert.notEqual(bodies.get(stamp, digests), first);
});

test('a body that no proxy would read is not sent', async () => {
  await assert.rejects(
    new SnapshotBodyCache(16, 1000).get(stamp, digests),
    /^Error: the snapshot has \d+ bytes, a proxy reads at most 1000$/,
  );
});

test('lacking names each part once that is not had', () => {
  const twice = stamper.assignVersion(desiredContent(content([...parts, ...parts])), 1);
  assert.deepEqual(missingParts(twice, new Set()), digests);
  assert.deepEqual(missingParts(twice, new Set(digests.slice(0, 1))), digests.slice(1));
});
