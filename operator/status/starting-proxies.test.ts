import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProxyTarget } from '../translate/types.ts';
import { markStarting } from './starting-proxies.ts';
import { acked, fleetOf, NOW, proxy, statusOf, verdict } from './testing.ts';

const NONE = new Map();
const STARTED = { ready: false, started: NOW };

test('a proxy is starting for 30 s around its start; what the kubelet says of it comes first', () => {
  const troubleAt = (age: number, extra: Partial<ProxyTarget> = {}) =>
    markStarting([proxy('p1', { ...STARTED, ...extra })], NONE, NOW + age).targets.get('p1')?.trouble;
  assert.deepEqual(
    [-30_000, -29_999, 0, 29_999, 30_000].map((age) => troubleAt(age)),
    [undefined, 'starting', 'starting', 'starting', undefined],
    'a clock of a node that is ahead by more says nothing',
  );
  assert.equal(troubleAt(0, { trouble: 'ImagePullBackOff' }), 'ImagePullBackOff');
  const ready = proxy('p1');
  assert.equal(markStarting([ready], NONE, NOW).targets.get('p1'), ready, 'others are the same objects');
});

test('a proxy that has acknowledged a snapshot has started: its errors are named', () => {
  const started = proxy('p1', STARTED);
  const known = { ...acked(3), error: 'no answer within 10 s' };
  assert.equal(markStarting([started], new Map([['p1', known]]), NOW).targets.get('p1'), started);
});

test('the next look is due when the first of them has had its time', () => {
  const at = (...ages: readonly number[]) =>
    markStarting(
      ages.map((age, i) => proxy(`p${i}`, { ready: false, started: NOW - age })),
      NONE,
      NOW,
    ).changesIn;
  assert.equal(at(), undefined);
  assert.equal(at(40_000), undefined);
  assert.equal(at(40_000, 1000, 29_000, -5000), 1000);
  assert.equal(at(-5000), 35_000);
});

test('Programmed says that a proxy is starting, and later why it cannot be reached', () => {
  const messageAt = (age: number, ...others: readonly ProxyTarget[]): string | undefined => {
    const { targets } = markStarting([...others, proxy('p2', STARTED)], NONE, NOW + age);
    const refused = { current: false, rejected: [], unhealthy: undefined, degraded: undefined, error: 'ECONNREFUSED' };
    const fleet = fleetOf([...targets.values()], { p1: acked(3), p2: refused });
    const proxies = [...targets.keys()];
    return statusOf(verdict({ proxies }), fleet, undefined, NOW).conditions?.find(({ type }) => type === 'Programmed')?.message;
  };
  const ready = proxy('p1');
  assert.equal(messageAt(1000, ready), '1 of 1 Ready proxies run it. Not counted: outrigger-system/p2 (starting).');
  assert.match(messageAt(30_000, ready) ?? '', /Not counted: outrigger-system\/p2 \(not Ready: ECONNREFUSED\)\.$/);
  assert.equal(messageAt(1000), 'None of the selected proxies is Ready: outrigger-system/p2 (starting).');
});
