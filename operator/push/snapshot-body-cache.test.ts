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
const versioner = new SnapshotVersioner(9, [testKey().publicKey]);
const snapshot = versioner.assignVersion(desiredContent(content(parts)), 1);

test('a body contains the version and the requested parts, and is valid', async () => {
  const body = await new SnapshotBodyCache().get(snapshot, digests.slice(1));
  assert.equal(body.sha256, createHash('sha256').update(body.bytes).digest('hex'));
  assert.ok(body.gzip);
  const result = validateSnapshot(JSON.parse(gunzipSync(body.bytes).toString()));
  assert.ok(result.ok);
  assert.deepEqual(result.snapshot.parts, { [digests[1] as string]: parts[1] });
  assert.equal(result.digest, snapshot.digest);
});

test('a small body is not compressed', async () => {
  const body = await new SnapshotBodyCache().get(versioner.assignVersion(desiredContent(content([])), 1), []);
  assert.equal(body.gzip, false);
  assert.ok(validateSnapshot(JSON.parse(body.bytes.toString())).ok);
});

test('proxies that need the same share one body, the last few are kept', async () => {
  const bodies = new SnapshotBodyCache(2);
  const first = bodies.get(snapshot, digests);
  assert.equal(bodies.get(snapshot, digests), first);
  assert.notEqual(bodies.get(snapshot, []), first);
  assert.equal(bodies.get(snapshot, digests), first);
  void bodies.get(snapshot, digests.slice(1));
  assert.equal(bodies.get(snapshot, digests), first, 'it was used more recently than the other');
  void bodies.get(snapshot, []);
  void bodies.get(snapshot, digests.slice(1));
  assert.notEqual(bodies.get(snapshot, digests), first);
});

test('a body that is too large for a proxy is not sent', async () => {
  await assert.rejects(
    new SnapshotBodyCache(16, 1000).get(snapshot, digests),
    /^Error: the snapshot has \d+ bytes, a proxy reads at most 1000$/,
  );
});

test('missingParts names each unknown part once', () => {
  const twice = versioner.assignVersion(desiredContent(content([...parts, ...parts])), 1);
  assert.deepEqual(missingParts(twice, new Set()), digests);
  assert.deepEqual(missingParts(twice, new Set(digests.slice(0, 1))), digests.slice(1));
});
