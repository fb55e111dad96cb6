import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePolicy } from './policy.ts';
import { policy } from './testing.ts';
import type { AccessLogSpec } from '../api/policy.gen.ts';

test('a log that is on has queries unless the policy omits them; proxies that are told nothing omit them', () => {
  const of = (accessLog: AccessLogSpec | undefined) => parsePolicy(policy('p', accessLog && { accessLog })).accessLog;
  assert.deepEqual(of({}), { enabled: true, samplePercent: 100, query: 'Include' });
  assert.deepEqual(of({ query: 'Include', samplePercent: 5 }), { enabled: true, samplePercent: 5, query: 'Include' });
  assert.deepEqual(of({ query: 'Omit' }), { enabled: true, samplePercent: 100 });
  for (const off of [undefined, { enabled: false }]) assert.deepEqual(of(off), { enabled: false, samplePercent: 100 });
});
