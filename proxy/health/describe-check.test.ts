import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeCheck, describeFinding } from './describe-check.ts';
import { GRPC, HTTP, TCP } from './testing.ts';

const ranges = [
  { from: 200, to: 399 },
  { from: 418, to: 418 },
];

test('what a check does', () => {
  assert.equal(describeCheck({ ...HTTP, method: 'HEAD', path: '/healthz' }), 'HEAD /healthz');
  assert.equal(describeCheck(TCP), 'TCP connection');
  assert.equal(describeCheck(GRPC), 'gRPC health of the server');
  assert.equal(describeCheck({ ...GRPC, service: 'shop.Cart' }), 'gRPC health of shop.Cart');
});

test('what it found: a status that was not expected is shown with those that are, and nothing else is', () => {
  const check = { ...HTTP, expectedStatuses: ranges };
  assert.equal(describeFinding(check, false, 'HTTP 404'), 'HTTP 404, expected 200-399, 418');
  assert.equal(describeFinding(check, true, 'HTTP 200'), 'HTTP 200');
  assert.equal(describeFinding(check, false, 'timeout'), 'timeout');
  assert.equal(describeFinding(TCP, false, 'connection refused'), 'connection refused');
  assert.equal(describeFinding(GRPC, false, 'HTTP 404'), 'HTTP 404');
});
