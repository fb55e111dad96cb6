import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { inventory, meta, policy, service, SETTINGS, slice } from '../translate/testing.ts';
import { translate } from '../translate/translate.ts';
import { fakeClock } from '../util/testing.ts';
import { createMovingEndpoints } from './moving-endpoints.ts';
import { createObjectCache } from './object-cache.ts';
import type { EndpointSlice, SliceEndpoint } from '../api/kubernetes.ts';
import type { PortNames } from '../translate/types.ts';

/** The slices of Service `echo` as the operator keeps them, and the endpoints that follow from them. */
function cluster() {
  const clock = fakeClock();
  let changes = 0;
  let version = 0;
  let portName = 'http';
  let previous: PortNames = new Map();
  const changed = (): void => void (changes += 1);
  const moving = createMovingEndpoints(changed, clock);
  const cache = createObjectCache<EndpointSlice>(changed, undefined, (before, after) => moving.observe(before, after));
  const lbp = policy('web');
  return {
    clock,
    get changes() {
      return changes;
    },
    put(name: string, endpoints: readonly SliceEndpoint[], port = portName) {
      const made = slice(name, endpoints, { ports: [{ name: port, port: 8080 }] });
      cache.onUpsert({ ...made, metadata: { ...made.metadata, resourceVersion: String(++version) } });
    },
    remove: (name: string) => cache.onDelete({ metadata: meta(name) } as EndpointSlice),
    relist: (slices: readonly EndpointSlice[]) => cache.onReplace(slices),
    rename: (name: string) => void (portName = name),
    slices: () => moving.addTo(cache.view()),
    /** UIDs of the active endpoints. */
    active(): string[] {
      const echo = service('echo', { ports: [{ name: portName, port: 80, targetPort: 'main' }] });
      const given = { ...inventory({ policies: [lbp], services: [echo] }), endpointSlices: moving.addTo(cache.view()) };
      const { verdicts, portNames } = translate(given, SETTINGS, previous);
      previous = portNames;
      return (verdicts.get('default/web')?.endpointIds ?? []).map((id) => id.split(':')[0] ?? '').sort();
    },
  };
}

const pod = (uid: string, conditions: SliceEndpoint['conditions'] = {}): SliceEndpoint => {
  return { addresses: [`10.0.0.${uid.slice(1)}`], conditions, targetRef: { kind: 'Pod', name: uid, uid } };
};
const TERMINATING = { ready: false, serving: true, terminating: true };

test('an endpoint that leaves a slice is kept until it is in another one', () => {
  const c = cluster();
  c.put('a', [pod('p1'), pod('p2')]);
  c.put('a', [pod('p1')]);
  assert.deepEqual(c.active(), ['p1', 'p2']);
  c.clock.advance(400);
  c.put('b', [pod('p2', { ready: false })]);
  assert.deepEqual(c.active(), ['p1'], 'the new slice says how it is now');
});

test('it is given up when the slices have been quiet for 500 ms, or after 2 s', () => {
  const c = cluster();
  c.put('a', [pod('p1'), pod('p2')]);
  c.put('a', [pod('p1')]);
  const before = c.changes;
  c.clock.advance(499);
  assert.deepEqual(c.active(), ['p1', 'p2']);
  c.clock.advance(1);
  assert.deepEqual(c.active(), ['p1']);
  assert.equal(c.changes, before + 1, 'which is a change');

  const busy = cluster();
  busy.put('a', [pod('p1')]);
  busy.put('b', [pod('p2')]);
  busy.remove('b');
  for (let at = 0; at < 2000; at += 100) {
    assert.deepEqual(busy.active(), ['p1', 'p2'], `${at} ms`);
    busy.clock.advance(100);
    if (at < 1900) busy.put('a', [pod('p1')]);
  }
  assert.deepEqual(busy.active(), ['p1']);
});

test('the 2 s of each endpoint count from when it left itself', () => {
  const c = cluster();
  c.put('a', [pod('p1'), pod('p2'), pod('p3')]);
  c.put('b', []);
  const expected = new Map([
    [0, ['p1', 'p2', 'p3']],
    [1900, ['p1', 'p2', 'p3']],
    [2000, ['p1', 'p2']],
    [3900, ['p1']],
  ]);
  for (let at = 0; at <= 4000; at += 100) {
    if (at === 0) c.put('a', [pod('p1'), pod('p2')]);
    else if (at === 1900) c.put('a', [pod('p1')]);
    else c.put('b', []);
    const [, active] = [...expected].findLast(([from]) => from <= at) ?? [];
    assert.deepEqual(c.active(), active, `${at} ms`);
    c.clock.advance(100);
  }
});

test('what terminates or is not ready leaves at once, and other Services do not matter', () => {
  const c = cluster();
  c.put('a', [pod('p1'), pod('p2', TERMINATING), pod('p3', { ready: false })]);
  c.put('a', [pod('p1')]);
  const view = c.slices();
  assert.equal(view.size, 1);
  assert.equal(c.slices(), view, 'the same map while nothing changes');
  const lost = slice('a', []);
  c.relist([
    { ...lost, metadata: { ...lost.metadata, labels: { 'kubernetes.io/service-name': 'other' }, resourceVersion: '9' } },
  ]);
  assert.deepEqual(c.active(), ['p1'], 'it left this Service');
});

test('a Pod that terminates after a renamed port is not brought back', () => {
  const c = cluster();
  c.put('a', [pod('p1'), pod('p2')], 'http');
  c.rename('web');
  c.put('a', [pod('p1'), pod('p2')], 'web');
  assert.equal(c.slices().size, 1, 'what the slice still lists has not left');
  c.put('a', [pod('p1', TERMINATING), pod('p2')]);
  c.put('a', [pod('p2')]);
  for (let at = 0; at < 1000; at += 100) {
    assert.deepEqual(c.active(), ['p2'], `${at} ms`);
    c.clock.advance(100);
    c.put('b', [pod('p3', { ready: false })]);
  }
  // One that moves while the port is renamed, and terminates where it arrives.
  c.put('a', [], 'http');
  c.put('b', [pod('p2', TERMINATING)], 'http');
  c.remove('b');
  assert.deepEqual(c.active(), []);
});

/** A rollout in steps; each gives every slice its Pods, in whatever slice they were before. */
const rollout = fc.array(
  fc.record({
    /** The slice of each Pod; 0: it does not exist. */
    places: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 8, maxLength: 8 }),
    port: fc.constantFrom('http', 'http', 'web'),
    order: fc.array(fc.nat(), { minLength: 6, maxLength: 6 }),
    pauses: fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 6, maxLength: 6 }),
  }),
  { minLength: 2, maxLength: 4 },
);

test('no endpoint is lost between two events, in whatever order slices are split, merged, moved and renamed', () => {
  fc.assert(
    fc.property(rollout, (steps) => {
      const c = cluster();
      let before: string[] = [];
      for (const { places, port, order, pauses } of steps) {
        const after = places.flatMap((at, i) => (at > 0 ? [`p${i}`] : []));
        const stays = before.filter((uid) => after.includes(uid));
        const events = [1, 2, 3, 4].map((at) => () => {
          const pods = places.flatMap((place, i) => (place === at ? [pod(`p${i}`)] : []));
          if (pods.length === 0) c.remove(`s${at}`);
          else c.put(`s${at}`, pods, port);
        });
        events.push(() => c.rename(port));
        const shuffled = events.map((run, i) => ({ run, rank: order[i] ?? 0 })).sort((a, b) => a.rank - b.rank);
        for (const [i, { run }] of shuffled.entries()) {
          run();
          const active = c.active();
          for (const uid of stays) assert.ok(active.includes(uid), `${uid} is lost after event ${i}`);
          c.clock.advance(pauses[i] ?? 0);
        }
        c.clock.advance(2000);
        assert.deepEqual(c.active(), after, 'in the end, exactly what the slices say');
        before = after;
      }
    }),
    { numRuns: 500 },
  );
});
