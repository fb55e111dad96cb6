import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EndpointSelection } from './endpoint-selection.ts';
import type { RouteState } from './route-state.ts';
import type { Exchange } from '../message/exchange.ts';

test('a request waits for the saturated endpoint of its last try, but not once that has left', () => {
  const endpoint = { index: 0, saturated: false };
  const set = { pick: () => endpoint, begin: () => ({}), health: { isProbationDue: () => false } };
  const route = { nextSet: () => set, saturated: false } as unknown as RouteState;
  const selection = new EndpointSelection(route, { started: 0 } as Exchange, () => 0);
  const attempt = selection.begin(0);
  assert.ok(attempt);
  selection.again(attempt, 'same');
  endpoint.saturated = true;
  assert.deepEqual([selection.needsSpecificEndpoint, selection.saturated], [true, true]);
  assert.equal(selection.begin(0), undefined);
  endpoint.index = -1;
  assert.deepEqual([selection.needsSpecificEndpoint, selection.saturated], [false, false]);
});
