import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HealthState } from './health-state.ts';

/**
 * Feeds results ('+' success, '-' failure) and returns the state after each ('U' healthy, 'd' not). Checks that changes are
 * reported.
 */
function feed(results: string, rise = 2, fall = 3): string {
  const machine = new HealthState({ healthyThreshold: rise, unhealthyThreshold: fall });
  assert.equal(machine.healthy, true, 'new is healthy');
  return [...results]
    .map((r) => {
      const before = machine.healthy;
      assert.equal(machine.record(r === '+'), machine.healthy !== before);
      return machine.healthy ? 'U' : 'd';
    })
    .join('');
}

test('a first failure marks the endpoint unhealthy until the first success', () => {
  assert.equal(feed('---+'), 'dddU');
});

test('a healthy endpoint fails after `unhealthyThreshold` failures in a row', () => {
  assert.equal(feed('+--+---'), 'UUUUUUd');
});

test('an unhealthy endpoint recovers after `healthyThreshold` successes in a row', () => {
  assert.equal(feed('+---+-+-++'), 'UUUdddddd' + 'U');
});

test('after the first success the thresholds apply', () => {
  assert.equal(feed('-+--+'), 'dUUUU');
  assert.equal(feed('-+---+'), 'dUUUdd');
});

test('thresholds of 1 apply at once', () => {
  assert.equal(feed('+-+-+', 1, 1), 'UdUdU');
});
