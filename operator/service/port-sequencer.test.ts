import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { validateSnapshot } from '../../proxy/snapshot/validate.ts';
import type { ProxyReport } from '../push/proxy-report.ts';
import type { Translation } from '../translate/types.ts';
import { PortSequencer, PORT_SEQUENCER_TIMING } from './port-sequencer.ts';
import { listenersOf, portsOfPolicies } from './gateway-ports.ts';
import { allHave, has, known, readyGateway, type Known } from './testing.ts';

const wantedBy = ({ inventory, translation }: Known) => portsOfPolicies(inventory.policies, translation.verdicts);
const listening = ({ contents, proxies }: Translation) =>
  Object.fromEntries(proxies.map((target) => [target.uid, listenersOf(contents, target).map(({ port }) => port)]));

/** A sequencer, called as the reconciler calls it. */
function setup() {
  const sequencer = new PortSequencer();
  const state = { now: 0, published: new Set<number>() };
  return {
    state,
    push: (all: Known) => sequencer.delayRemovals(all.translation, wantedBy(all), state.published, state.now),
    publish: (all: Known, reports: ReadonlyMap<string, ProxyReport>, pushed = all.translation) => {
      const { value, recheckAfter } = sequencer.publishablePorts(pushed, reports, { wanted: wantedBy(all), ...state });
      return { ports: [...value.keys()], recheckAfter };
    },
  };
}

test('a port opens once every Ready proxy has answered and one listens', () => {
  const pods = [readyGateway('a'), readyGateway('b'), readyGateway('c', false), readyGateway('d', true, true)];
  const all = known([80, 8080], pods);
  const { publish } = setup();
  const [a, b] = all.translation.proxies;
  assert.ok(a && b);
  const noReports = new Map<string, ProxyReport>();
  assert.deepEqual(publish(all, noReports), { ports: [], recheckAfter: Infinity });
  const first = new Map([[a.uid, has(all.translation, a)]]);
  assert.deepEqual(publish(all, first), { ports: [], recheckAfter: PORT_SEQUENCER_TIMING.openWithin });
  const refused = new Map(first).set(b.uid, has(all.translation, b, [80]));
  assert.deepEqual(publish(all, refused), { ports: [80, 8080], recheckAfter: Infinity });
  const bothRefuse = new Map(refused).set(a.uid, has(all.translation, a, [80]));
  assert.deepEqual(publish(all, bothRefuse).ports, [8080], 'no proxy listens on 80');
});

test('a proxy that hangs delays a port for a bounded time', () => {
  const all = known([8080]);
  const { state, publish } = setup();
  const [a] = all.translation.proxies;
  assert.ok(a);
  const reports = new Map([[a.uid, has(all.translation, a)]]);
  publish(all, reports);
  state.now = PORT_SEQUENCER_TIMING.openWithin - 1;
  assert.deepEqual(publish(all, reports), { ports: [], recheckAfter: 1 });
  state.now += 1;
  assert.deepEqual(publish(all, reports), { ports: [8080], recheckAfter: Infinity });
});

test('an older generation, acknowledged on another port, opens nothing', () => {
  const all = known([8080]);
  const { publish } = setup();
  const old: ProxyReport = {
    acked: { epoch: 1, sequence: 1, digest: 'd', generations: new Map([['default/p8080', 0]]) },
    current: false,
    rejected: [],
    unhealthy: undefined,
    degraded: undefined,
  };
  assert.deepEqual(publish(all, new Map(all.translation.proxies.map(({ uid }) => [uid, old]))).ports, []);
});

test('a port of the Service stays while it is wanted, even without any gateway', () => {
  const { state, publish } = setup();
  state.published = new Set([8080]);
  assert.deepEqual(publish(known([8080, 8081], []), new Map()).ports, [8080]);
  assert.deepEqual(publish(known([], []), new Map()).ports, []);
});

test('a listener stays until its port has left the Service, and a while longer; everything else proceeds', () => {
  const { state, push } = setup();
  state.published = new Set([8080, 8081]);
  push(known([8080, 8081]));
  const next = known([8081, 8082]);
  const held = push(next);
  const both = [8080, 8081, 8082];
  assert.deepEqual(listening(held.value), { 'uid-a': both, 'uid-b': both });
  assert.equal(held.recheckAfter, PORT_SEQUENCER_TIMING.maxHold);
  assert.equal(new Set(held.value.proxies.map(({ selection }) => selection)).size, 1, 'one content for both');
  state.now = 100;
  state.published = new Set([8081]);
  assert.equal(push(next).recheckAfter, PORT_SEQUENCER_TIMING.closeDelay);
  state.now += PORT_SEQUENCER_TIMING.closeDelay - 1;
  assert.deepEqual(listening(push(next).value)['uid-a'], both);
  state.now += 1;
  assert.deepEqual(push(next), { value: next.translation, recheckAfter: Infinity });
});

test('a Service that cannot be written delays the close of a listener for a bounded time, once', () => {
  const { state, push } = setup();
  state.published = new Set([8080]);
  push(known([8080]));
  const next = known([]);
  push(next);
  state.now = PORT_SEQUENCER_TIMING.maxHold - 1;
  assert.deepEqual(listening(push(next).value)['uid-a'], [8080]);
  state.now += 1;
  assert.equal(push(next).value, next.translation);
  assert.equal(push(next).value, next.translation);
});

test('a listener whose port is not in the Service is not kept: one that never opened, or after a start', () => {
  const { state, push } = setup();
  push(known([8080]));
  assert.deepEqual(listening(push(known([])).value)['uid-a'], []);
  const fresh = setup();
  fresh.state.published = new Set([8080]);
  assert.deepEqual(listening(fresh.push(known([])).value)['uid-a'], []);
  assert.equal(state.published.size, 0);
});

test('a port that is wanted again while it is held continues as before', () => {
  const { state, push } = setup();
  state.published = new Set([8080]);
  const with8080 = known([8080]);
  push(with8080);
  push(known([]));
  state.published = new Set();
  assert.deepEqual(push(with8080), { value: with8080.translation, recheckAfter: Infinity });
});

test('a held listener that would bind the same port as a new one is dropped at once', () => {
  const { state, push } = setup();
  state.published = new Set([80]);
  push(known([80]));
  assert.deepEqual(listening(push(known([10_080])).value)['uid-a'], [10_080]);
});

const step = fc.record({
  ports: fc.subarray([80, 8080, 8081, 10_080]),
  pods: fc.subarray(['a', 'b', 'c']),
  ms: fc.constantFrom(0, 100, 1000, 6000),
  /** Whether the Service can be written in this step. */
  writes: fc.boolean(),
});

test('in any sequence, proxies accept what is pushed, the Service has only open ports, and every hold ends', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const { state, push, publish } = setup();
      for (const { ports, pods, ms, writes } of steps) {
        state.now += ms;
        const all = known(
          ports,
          pods.map((name) => readyGateway(name)),
        );
        const { value: pushed } = push(all);
        assertValid(pushed);
        const reports = allHave(pushed);
        const { ports: next } = publish(all, reports, pushed);
        const open = Object.values(listening(pushed));
        for (const port of next) {
          assert.ok(state.published.has(port) || open.some((some) => some.includes(port)), `${port} is open nowhere`);
          assert.ok(ports.includes(port), `${port} is not wanted`);
        }
        if (writes) state.published = new Set(next);
      }
      state.now += PORT_SEQUENCER_TIMING.maxHold;
      const last = known(steps.at(-1)?.ports ?? []);
      push(last);
      state.now += PORT_SEQUENCER_TIMING.maxHold;
      assert.equal(push(last).value, last.translation);
    }),
    { numRuns: 200 },
  );
});

function assertValid({ contents }: Translation): void {
  for (const { listeners, pools, parts } of contents.values()) {
    const trustedKeys = ['A'.repeat(43)];
    const document = { version: { epoch: 1, sequence: 1 }, trustedKeys, listeners, pools, parts: Object.fromEntries(parts) };
    const checked = validateSnapshot(document);
    assert.deepEqual(checked.ok ? [] : checked.wrong, []);
  }
}
