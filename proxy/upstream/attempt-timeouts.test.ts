import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { AttemptTimeouts } from './attempt-timeouts.ts';

function start(context: TestContext, perTryTimeout: number, deadline: number) {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const reached: string[] = [];
  const timeouts = { connect: 100, request: 0, idle: 0, drain: 0 };
  const spec = { timeouts, perTryTimeout, deadline };
  const limits = new AttemptTimeouts(spec, () => 1000, { onTimeLimit: (limit) => void reached.push(limit) });
  return { limits, reached, pass: (ms: number) => context.mock.timers.tick(ms) };
}

test('connect: until the connection is open', (context) => {
  const { limits, reached, pass } = start(context, 0, Infinity);
  limits.connecting();
  pass(99);
  limits.connected();
  pass(10_000);
  assert.deepEqual(reached, []);
  limits.connecting();
  pass(100);
  assert.deepEqual(reached, ['connect']);
});

test('per try: from the sent request to the response head', (context) => {
  const { limits, reached, pass } = start(context, 50, Infinity);
  pass(10_000);
  limits.requestSent();
  pass(49);
  limits.headReceived();
  pass(10_000);
  assert.deepEqual(reached, []);
  limits.requestSent();
  pass(50);
  assert.deepEqual(reached, ['per-try']);
});

test('per try: 0 is off', (context) => {
  const { limits, reached, pass } = start(context, 0, Infinity);
  limits.requestSent();
  pass(1_000_000);
  assert.deepEqual(reached, []);
});

test('the deadline does not end with the head; one in the past is reached at once', (context) => {
  const { limits, reached, pass } = start(context, 50, 1200);
  limits.requestSent();
  limits.headReceived();
  pass(199);
  assert.deepEqual(reached, []);
  pass(1);
  assert.deepEqual(reached, ['deadline']);
  context.mock.timers.reset();
  const late = start(context, 0, 900);
  late.pass(1);
  assert.deepEqual(late.reached, ['deadline']);
});

test('none is reached after stop', (context) => {
  const { limits, reached, pass } = start(context, 50, 1200);
  limits.connecting();
  limits.requestSent();
  limits.stop();
  pass(10_000);
  assert.deepEqual(reached, ['connect']);
});
