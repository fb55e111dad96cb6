import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createReconciler } from './reconcile.ts';
import type { Fleet } from './push/fleet-types.ts';
import type { ProxyReport } from './push/proxy-report.ts';
import { acked, proxy, verdict } from './status/testing.ts';
import type { DesiredStatus } from './status/status-writer.ts';
import type { Inventory, ProxyTarget, Translation } from './translate/types.ts';
import { fakeClock } from './util/testing.ts';

const NOTHING: Inventory = {
  policies: new Map(),
  services: new Map(),
  endpointSlices: new Map(),
  annotatedPods: new Map(),
  proxyPods: new Map(),
  nodeZones: new Map(),
  terminatingNamespaces: new Map(),
};
const TRANSLATION: Translation = {
  contents: new Map(),
  proxies: [proxy('p1'), proxy('p2')],
  verdicts: new Map([['shop/checkout', verdict()]]),
  portNames: new Map(),
};

/** Unix milliseconds. */
const START = 1_800_000_000_000;

function setup() {
  const clock = fakeClock();
  const state = { inventory: undefined as Inventory | undefined, translation: TRANSLATION };
  const reports = new Map<string, ProxyReport>();
  const calls: string[] = [];
  const desired: DesiredStatus[] = [];
  const errors: string[] = [];
  const fleet: Fleet = {
    setDesired: (_translation, changedAt) => void calls.push(`push ${changedAt}`),
    setEpoch: (epoch) => void calls.push(`epoch ${epoch}`),
    reports: () => reports,
    stop: async () => undefined,
  };
  const status = {
    setDesired(status: DesiredStatus) {
      calls.push('status');
      desired.push(status);
    },
  };
  const reconciler = createReconciler({
    translate: () => state.translation,
    inventory: () => state.inventory,
    fleet,
    status,
    reconciled: () => calls.push('reconciled'),
    proxyError: (name, error) => errors.push(`${name}: ${error}`),
    unixNow: () => START + clock.now(),
    clock,
  });
  return { clock, state, reports, calls, desired, errors, reconciler };
}

test('nothing is pushed or written before everything is known', () => {
  const { clock, state, calls, reconciler } = setup();
  reconciler.inventoryChanged();
  clock.advance(1000);
  reconciler.fleetChanged();
  reconciler.setEpoch(7);
  clock.advance(1000);
  assert.deepEqual(calls, ['epoch 7']);
  state.inventory = NOTHING;
  reconciler.inventoryChanged();
  clock.advance(0);
  assert.deepEqual(calls, ['epoch 7', 'push 2000', 'status', 'reconciled']);
});

test('changes are coalesced: the first is handled at once, further ones together 100 ms later, with the time of the oldest', () => {
  const { clock, state, calls, reconciler } = setup();
  state.inventory = NOTHING;
  reconciler.inventoryChanged();
  clock.advance(10);
  for (let i = 0; i < 50; i++) {
    reconciler.inventoryChanged();
    clock.advance(1);
  }
  clock.advance(200);
  assert.deepEqual(
    calls.filter((call) => call.startsWith('push')),
    ['push 0', 'push 10'],
  );
});

test('a report of the fleet changes statuses, not what is pushed', () => {
  const { clock, state, reports, calls, desired, reconciler } = setup();
  state.inventory = NOTHING;
  reconciler.inventoryChanged();
  clock.advance(200);
  calls.length = 0;
  reports.set(
    'p1',
    acked(3, { unhealthy: [{ pool: 'shop/checkout/shop/web:80', endpoint: 'e1', reason: 'probe', detail: '' }] }),
  );
  reconciler.fleetChanged();
  clock.advance(0);
  assert.deepEqual(calls, ['status']);
  assert.equal(desired.at(-1)?.fleet.reports.get('p1')?.acked?.generations.get('shop/checkout'), 3);
  assert.equal(desired.at(-1)?.fleet.unhealthy.get('shop/checkout')?.get('e1')?.count, 1);
  assert.deepEqual([...(desired.at(-1)?.fleet.targets.keys() ?? [])], ['p1', 'p2']);
});

test('statuses are evaluated again when a term begins', () => {
  const { clock, state, calls, reconciler } = setup();
  state.inventory = NOTHING;
  reconciler.inventoryChanged();
  clock.advance(200);
  calls.length = 0;
  reconciler.setEpoch(9);
  clock.advance(0);
  reconciler.setEpoch(undefined);
  clock.advance(500);
  assert.deepEqual(calls, ['epoch 9', 'status', 'epoch undefined']);
});

test('while a term has just begun, proxies without contact do not count against a policy', () => {
  const { clock, state, desired, reconciler } = setup();
  const termJustBegan = () => desired.at(-1)?.fleet.termJustBegan;
  state.inventory = NOTHING;
  reconciler.inventoryChanged();
  clock.advance(200);
  assert.equal(termJustBegan(), false);
  reconciler.setEpoch(9);
  clock.advance(9999);
  assert.equal(termJustBegan(), true);
  const looks = desired.length;
  clock.advance(2);
  assert.equal(desired.length, looks + 1, 'statuses are looked at when it is over');
  assert.equal(termJustBegan(), false);
});

test('pending changes are translated before anything is pushed under a new epoch', () => {
  const { clock, state, calls, desired, reconciler } = setup();
  state.inventory = NOTHING;
  reconciler.inventoryChanged();
  clock.advance(0);
  clock.advance(10);
  reconciler.inventoryChanged();
  calls.length = 0;
  reconciler.setEpoch(9);
  assert.deepEqual(calls, ['push 10', 'status', 'reconciled', 'epoch 9']);
  assert.equal(desired.at(-1)?.fleet.termJustBegan, true, 'no proxy has been contacted in this term');
});

test('an error of a proxy is reported once, and so is its end', () => {
  const { clock, state, reports, errors, reconciler } = setup();
  state.inventory = NOTHING;
  const look = (): void => {
    reconciler.fleetChanged();
    clock.advance(100);
  };
  reconciler.inventoryChanged();
  clock.advance(200);
  reports.set('p1', acked(3, { error: 'refused' }));
  look();
  assert.deepEqual(errors, [], 'who does not lead hears nothing from proxies');
  reconciler.setEpoch(9);
  look();
  look();
  reports.set('p1', acked(3));
  look();
  assert.deepEqual(errors, ['outrigger-system/p1: refused', 'outrigger-system/p1: undefined']);
});

test('that a proxy cannot be reached is an error only when it has had time to start', () => {
  const { clock, state, reports, desired, errors, reconciler } = setup();
  const troubleOf = () => desired.at(-1)?.fleet.targets.get('p1')?.trouble;
  state.inventory = NOTHING;
  const aim = (extra: Partial<ProxyTarget>): void => {
    state.translation = { ...TRANSLATION, proxies: [proxy('p1', extra)] };
    reconciler.inventoryChanged();
    clock.advance(100);
  };
  reconciler.setEpoch(9);
  aim({ ready: false, started: START });
  reports.set('p1', { current: false, rejected: [], unhealthy: undefined, degraded: undefined, error: 'ECONNREFUSED' });
  reconciler.fleetChanged();
  clock.advance(100);
  assert.deepEqual([errors, troubleOf()], [[], 'starting']);
  clock.advance(29_999 - clock.now());
  assert.deepEqual([errors, troubleOf()], [[], 'starting']);
  clock.advance(1);
  assert.deepEqual([errors, troubleOf()], [['outrigger-system/p1: ECONNREFUSED'], undefined], 'without any other change');

  aim({ ready: false, started: START + clock.now() });
  assert.equal(errors.length, 1, 'a container that starts has not recovered');
  reports.set('p1', acked(3));
  aim({});
  assert.deepEqual(errors.slice(1), ['outrigger-system/p1: undefined']);
});

test('nothing happens after stop', () => {
  const { clock, state, calls, reconciler } = setup();
  state.inventory = NOTHING;
  reconciler.inventoryChanged();
  reconciler.fleetChanged();
  reconciler.stop();
  clock.advance(1000);
  assert.deepEqual(calls, []);
});
