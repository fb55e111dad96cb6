import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boundPort, collidingPort, describePort } from './ports.ts';

test('a port below 1024 is bound 10000 higher', () => {
  assert.deepEqual([1, 80, 1023, 1024, 8080].map(boundPort), [10_001, 10_080, 11_023, 1024, 8080]);
});

test('two ports collide when they are bound as the same one', () => {
  const others = [80, 10_080, 1023, 11_023, 1024, 11_024, 8080, 18_080, 10_000].map(collidingPort);
  assert.deepEqual(others, [10_080, 80, 11_023, 1023, ...Array.from({ length: 5 }, () => undefined)]);
});

test('messages name the port that is bound, where it is another one', () => {
  assert.deepEqual([80, 1023, 1024, 8080].map(describePort), [
    'port 80 (bound as 10080)',
    'port 1023 (bound as 11023)',
    'port 1024',
    'port 8080',
  ]);
});
