import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { asPushAnswer, asRefusal, asStatusAnswer } from './answers.ts';
import { testKey } from './testing.ts';

const applied = { epoch: 1, sequence: 2, digest: 'ab'.repeat(32) };
const rejected = [{ policy: 'default/web', listener: 80, reason: 'the port is in use' }];
const status = { pod: 'uid', fence: { epoch: 0, sequence: 0 }, rejected, trustedKeys: [testKey().publicKey], unhealthy: [] };

test('valid answers are accepted unchanged', () => {
  const push = { pod: 'uid', applied, rejected };
  assert.equal(asPushAnswer(push), push);
  assert.equal(asStatusAnswer(status), status);
  assert.ok(asStatusAnswer({ ...status, applied }));
  assert.ok(asRefusal({ reason: 'stale', current: { epoch: 1, sequence: 1 } }));
  assert.ok(asRefusal({ reason: 'missing-parts', missing: [applied.digest] }));
});

test('answers with missing or wrong fields are refused', () => {
  assert.equal(asPushAnswer({ pod: 'uid', applied }), undefined);
  assert.equal(asPushAnswer({ pod: 'uid', applied: { ...applied, digest: 'x' }, rejected }), undefined);
  assert.equal(asPushAnswer({ pod: 'uid', applied: { ...applied, epoch: '1' }, rejected }), undefined);
  assert.equal(asStatusAnswer({ ...status, fence: undefined }), undefined);
  assert.equal(asStatusAnswer({ ...status, unhealthy: [{ pool: 'p', endpoint: 'e', reason: 'tired', detail: '' }] }), undefined);
  assert.equal(asRefusal({ reason: 'stale', current: { epoch: 0, sequence: 1 } }), undefined);
});

test('what newer proxies add is checked, and may be absent', () => {
  const degraded = (['checking', 'panic', 'fallback', 'unavailable'] as const).map((state) => ({ policy: 'default/web', state }));
  const sick = { pool: 'p', endpoint: 'e', reason: 'probe', detail: 'HTTP 404, expected 200-399', check: 'GET /healthz' };
  const newer = { ...status, degraded, unhealthy: [sick], revision: 'AZaz09_-.12' };
  assert.equal(asStatusAnswer(newer), newer);
  assert.ok(asPushAnswer({ pod: 'uid', applied, rejected, degraded }));
  assert.equal(asPushAnswer({ pod: 'uid', applied, rejected, degraded: [{ policy: 'default/web', state: 'tired' }] }), undefined);
  for (const revision of ['', 'a'.repeat(65), 'a b', 'a&b', 1]) assert.equal(asStatusAnswer({ ...status, revision }), undefined);
  assert.equal(asStatusAnswer({ ...status, unhealthy: [{ ...sick, check: 1 }] }), undefined);
});

test('no answer makes a check throw', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      for (const read of [asPushAnswer, asStatusAnswer, asRefusal]) assert.doesNotThrow(() => read(value));
    }),
  );
});
