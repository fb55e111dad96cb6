import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import test from 'node:test';
import { gatewayPod } from '../test/local-cluster/manifests.ts';
import { PROXY_NODE_FLAGS } from './node-flags.ts';

/** Fills the young generation with objects that live for a while, and prints its size and the limit of the heap, in MB. */
const PROGRAM = `
  const kept = [];
  for (let i = 0; i < 4e6; i++) kept[i % 500_000] = { i };
  const { space_size } = v8.getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
  console.log(JSON.stringify([space_size, v8.getHeapStatistics().heap_size_limit].map((bytes) => bytes / 2 ** 20)));
`;
const MARGIN = 4;

test('the limits of the heap and of the young generation do not depend on the memory of the machine', () => {
  const printed = execFileSync(process.execPath, [...PROXY_NODE_FLAGS, '-e', PROGRAM], { encoding: 'utf8' });
  const [young, limit] = JSON.parse(printed) as [number, number];
  assert.ok(young <= 2 * 16 + MARGIN, `${young} MB of young generation`);
  // The limit counts three halves of the young generation.
  assert.ok(limit <= 1024 + 3 * 16 + MARGIN, `at most ${limit} MB`);
});

test('a gateway of the local cluster runs with the same flags as the image', () => {
  const { spec } = gatewayPod('gateway-1') as { spec: { containers: readonly { command: readonly string[] }[] } };
  assert.deepEqual(spec.containers[0]?.command, ['node', ...PROXY_NODE_FLAGS, 'proxy/main.ts']);
});
