import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoordinator } from './reconcile.ts';
import type { Fleet } from './push/fleet-types.ts';
import type { ProxyReport } from './push/proxy-report.ts';
import { acked, proxy, verdict } from './status/testing.ts';
import type { StatusWish } from './status/status-writer.ts';
import type { Inventory, Translation } from './translate/types.ts';
import { fakeClock } from './util/testing.ts';

const NOTHING: Inventory = {
  policies: new Map(),
  services: new Map(),
  endpointSlices: new Map(),
  annotatedPods: new Map(),
  proxyPods: new Map(),
  nodeZones: new Map(),
};
const TRANSLATION: Translation = {
  contents: new Map(),
  proxies: [proxy('p1'), proxy('p2')],
  verdicts: new Map([['shop/checkout', verdict()]]),
};

function setup() {
  const clock = fakeClock();
  const state = { inventory: undefined as Inventory | undefined };
  const reports = new Map<string, ProxyReport>();
  const calls: string[] = [];
  const wishes: StatusWish[] = [];
  const errors: string[] = [];
  const fleet: Fleet = {
    want: (_translation, changedAt) => void calls.push(`want ${changedAt}`),
    lead: (epoch) => void calls.push(`lead ${epoch}`),
    reports: () => reports,
    stop: async () => undefined,
  };
  const status = {
    want(wish: StatusWish) {
      calls.push('status');
      wishes.push(wish);
    },
    stop: async () => undefined,
  };
  const coordinator = createCoordinator({
    translate: () => TRANSLATION,
    inventory: () => state.inventory,
    fleet,
    status,
    reconciled: () => calls.push('reconciled'),
    proxyError: (name, error) => errors.push(`${name}: ${error}`),
    clock,
  });
  return { clock, state, reports, calls, wishes, errors, coordinator };
}

test('nothing is pushed or written before everything is known', () => {
  const { clock, state, calls, coordinator } = setup();
  coordinator.inventoryChanged();
  clock.advance(1000);
  coordinator.fleetChanged();
  coordinator.lead(7);
  clock.advance(1000);
  assert.deepEqual(calls, ['lead 7']);
  state.inventory = NOTHING;
  coordinator.inventoryChanged();
  clock.advance(0);
  assert.deepEqual(calls, ['lead 7', 'want 2000', 'status', 'reconciled']);
});

test('changes are gathered: the first leaves at once, further ones together 100 ms later, with the time of the oldest', () => {
  const { clock, state, calls, coordinator } = setup();
  state.inventory = NOTHING;
  coordinator.inventoryChanged();
  clock.advance(10);
  for (let i = 0; i < 50; i++) {
    coordinator.inventoryChanged();
    clock.advance(1);
  }
  clock.advance(200);
  assert.deepEqual(
    calls.filter((call) => call.startsWith('want')),
    ['want 0', 'want 10'],
  );
});

test('a report of the fleet changes statuses, not what is wanted', () => {
  const { clock, state, reports, calls, wishes, coordinator } = setup();
  state.inventory = NOTHING;
  coordinator.inventoryChanged();
  clock.advance(200);
  calls.length = 0;
  reports.set(
    'p1',
    acked(3, { unhealthy: [{ pool: 'shop/checkout/shop/web:80', endpoint: 'e1', reason: 'probe', detail: '' }] }),
  );
  coordinator.fleetChanged();
  clock.advance(0);
  assert.deepEqual(calls, ['status']);
  assert.equal(wishes.at(-1)?.fleet.reports.get('p1')?.acked?.generations.get('shop/checkout'), 3);
  assert.equal(wishes.at(-1)?.fleet.complaints.get('shop/checkout')?.get('e1'), 1);
  assert.deepEqual([...(wishes.at(-1)?.fleet.targets.keys() ?? [])], ['p1', 'p2']);
});

test('statuses are looked at again when leading begins', () => {
  const { clock, state, calls, coordinator } = setup();
  state.inventory = NOTHING;
  coordinator.inventoryChanged();
  clock.advance(200);
  calls.length = 0;
  coordinator.lead(9);
  clock.advance(0);
  coordinator.lead(undefined);
  clock.advance(500);
  assert.deepEqual(calls, ['lead 9', 'status', 'lead undefined']);
});

test('a term begins with a time in which proxies that were not heard of prove nothing', () => {
  const { clock, state, wishes, coordinator } = setup();
  const settling = () => wishes.at(-1)?.fleet.settling;
  state.inventory = NOTHING;
  coordinator.inventoryChanged();
  clock.advance(200);
  assert.equal(settling(), false);
  coordinator.lead(9);
  clock.advance(9999);
  assert.equal(settling(), true);
  const looks = wishes.length;
  clock.advance(2);
  assert.equal(wishes.length, looks + 1, 'statuses are looked at when it is over');
  assert.equal(settling(), false);
});

test('what was about to be translated is, before anything is pushed under a new epoch', () => {
  const { clock, state, calls, wishes, coordinator } = setup();
  state.inventory = NOTHING;
  coordinator.inventoryChanged();
  clock.advance(0);
  clock.advance(10);
  coordinator.inventoryChanged();
  calls.length = 0;
  coordinator.lead(9);
  assert.deepEqual(calls, ['want 10', 'status', 'reconciled', 'lead 9']);
  assert.equal(wishes.at(-1)?.fleet.settling, true, 'no proxy was heard of in this term');
});

test('an error of a proxy is told once, and when it is over', () => {
  const { clock, state, reports, errors, coordinator } = setup();
  state.inventory = NOTHING;
  const look = (): void => {
    coordinator.fleetChanged();
    clock.advance(100);
  };
  coordinator.inventoryChanged();
  clock.advance(200);
  reports.set('p1', acked(3, { error: 'refused' }));
  look();
  assert.deepEqual(errors, [], 'who does not lead hears nothing from proxies');
  coordinator.lead(9);
  look();
  look();
  reports.set('p1', acked(3));
  look();
  assert.deepEqual(errors, ['outrigger-system/p1: refused', 'outrigger-system/p1: undefined']);
});

test('after stop nothing happens', () => {
  const { clock, state, calls, coordinator } = setup();
  state.inventory = NOTHING;
  coordinator.inventoryChanged();
  coordinator.fleetChanged();
  coordinator.stop();
  clock.advance(1000);
  assert.deepEqual(calls, []);
});
