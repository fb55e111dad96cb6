import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { engineArgs, engineVariables } from './engines.ts';
import { gatewayPod } from './manifests.ts';

const NAMES = ['OUTRIGGER_TEST_DOWNSTREAM_ENGINE', 'OUTRIGGER_TEST_UPSTREAM_ENGINE'] as const;
const before = NAMES.map((name) => process.env[name]);
after(() => {
  for (const [i, name] of NAMES.entries()) {
    if (before[i] === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = before[i];
  }
});

test('engines that the environment names become flags, one by one', () => {
  assert.deepEqual(engineArgs({}), []);
  assert.deepEqual(engineArgs({ OUTRIGGER_TEST_UPSTREAM_ENGINE: '' }), []);
  assert.deepEqual(engineArgs(engineVariables({ downstream: undefined, upstream: 'http1' })), ['--upstream-engine', 'http1']);
  assert.deepEqual(engineArgs(engineVariables({ downstream: 'node-http', upstream: 'http-proxy' })), [
    ...['--downstream-engine', 'node-http'],
    ...['--upstream-engine', 'http-proxy'],
  ]);
});

test('an engine that does not exist is refused: the tests would say nothing about it', () => {
  assert.throws(() => engineArgs({ OUTRIGGER_TEST_UPSTREAM_ENGINE: 'http3' }), /must be one of http1, http-proxy, not http3/);
});

test('gateways run with them', () => {
  Object.assign(process.env, engineVariables({ downstream: 'http1', upstream: 'http1' }));
  const { spec } = gatewayPod('gateway-1') as { spec: { containers: readonly { args: readonly string[] }[] } };
  assert.deepEqual(spec.containers[0]?.args.slice(-4), ['--downstream-engine', 'http1', '--upstream-engine', 'http1']);
});
