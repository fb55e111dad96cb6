import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { until } from '../../proxy/control/testing.ts';
import { UNKNOWN_LOCATION } from '../../proxy/snapshot/location.ts';
import type { Location } from '../../proxy/snapshot/location.ts';
import { endpoint, poolPart } from '../../proxy/snapshot/testing.ts';
import type { Version } from '../../proxy/snapshot/types.ts';
import type { Fleet } from './fleet-types.ts';
import { content, Rig, target, translation } from './testing.ts';

const [A, B, C] = [1, 2, 3].map((n) => poolPart([endpoint(n)])) as [
  ReturnType<typeof poolPart>,
  ReturnType<typeof poolPart>,
  ReturnType<typeof poolPart>,
];
const EPOCH = 1_795_305_600;

const current = (fleet: Fleet, ...uids: string[]): boolean => uids.every((uid) => fleet.reports().get(uid)?.current === true);
const settledSoon = (fleet: Fleet, ...uids: string[]): Promise<void> => until(() => current(fleet, ...uids));

test('nothing is pushed before there are both a desired content and an epoch; then every proxy gets everything', async (t) => {
  const rig = new Rig(t);
  const [one, two] = [await rig.proxy('one'), await rig.proxy('two')];
  const fleet = rig.fleet();
  fleet.setDesired(
    translation([target('one', one.address), target('two', two.address, { ready: false })], content([A, B], 7)),
    performance.now(),
  );
  assert.deepEqual(
    [...fleet.reports().values()].map((report) => report.current),
    [false, false],
  );
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(rig.sent, []);
  fleet.setEpoch(EPOCH);
  await settledSoon(fleet, 'one', 'two');
  const report = fleet.reports().get('two');
  const [applied] = two.dataPlane.applied;
  assert.deepEqual(
    applied?.pools.map((pool) => pool.part),
    [A, B],
  );
  assert.deepEqual(report?.acked, {
    epoch: EPOCH,
    sequence: 1,
    digest: applied?.digest,
    generations: new Map([['default/web', 7]]),
  });
  assert.deepEqual([report?.rejected, report?.unhealthy, report?.error], [[], undefined, undefined]);
  await until(() => rig.counts['current'] === 2 && rig.changed > 0);
  assert.deepEqual(rig.results, ['acked', 'acked']);
});

test('a change of one endpoint sends one pool', async (t) => {
  const rig = new Rig(t);
  const one = await rig.proxy('one');
  const fleet = rig.fleet();
  const proxies = [target('one', one.address)];
  fleet.setEpoch(EPOCH);
  fleet.setDesired(translation(proxies, content([A, B])), performance.now());
  await settledSoon(fleet, 'one');
  fleet.setDesired(translation(proxies, content([A, C])), performance.now());
  await settledSoon(fleet, 'one');
  const [first, second] = rig.pushes(one.address).map((sent) => Object.values(sent.snapshot?.parts ?? {}));
  assert.deepEqual([first, second], [[A, B], [C]]);
  assert.deepEqual(
    one.dataPlane.applied.at(-1)?.pools.map((pool) => pool.part),
    [A, C],
  );
});

test('an equal translation pushes nothing', async (t) => {
  const rig = new Rig(t);
  const one = await rig.proxy('one');
  const fleet = rig.fleet();
  fleet.setEpoch(EPOCH);
  fleet.setDesired(translation([target('one', one.address)], content([A])), performance.now());
  await settledSoon(fleet, 'one');
  fleet.setDesired(translation([target('one', one.address)], content([A])), performance.now());
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.equal(rig.sent.length, 1);
});

test('one push in flight per proxy, and only the newest behind it', async (t) => {
  const rig = new Rig(t);
  const one = await rig.proxy('one');
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  one.dataPlane.gate = () => opened;
  const fleet = rig.fleet();
  fleet.setEpoch(EPOCH);
  for (const n of [1, 2, 3, 4, 5]) {
    fleet.setDesired(translation([target('one', one.address)], content([poolPart([endpoint(n)])])), performance.now());
    if (n === 1) await until(() => one.dataPlane.busy === 1);
  }
  assert.equal(rig.sent.length, 1);
  open();
  await settledSoon(fleet, 'one');
  assert.deepEqual(
    one.dataPlane.applied.map((applied) => applied.pools[0]?.part.endpoints[0]?.address),
    ['10.0.0.1', '10.0.0.5'],
  );
});

test('proxies that hang or are dead do not delay others', async (t) => {
  const rig = new Rig(t);
  const one = await rig.proxy('one');
  const hanging = await blackHole(t);
  const stuck = Array.from({ length: 40 }, (_, i) => target(`stuck-${i}`, `127.9.1.${i}`));
  for (const { address } of stuck.slice(0, 30)) rig.route(address, hanging);
  const fleet = rig.fleet();
  fleet.setEpoch(EPOCH);
  // An exchange may hang for 10 s; both pushes must be through within the deadline of 5 s each.
  fleet.setDesired(translation([...stuck, target('one', one.address)], content([A])), performance.now());
  await settledSoon(fleet, 'one');
  fleet.setDesired(translation([...stuck, target('one', one.address)], content([B])), performance.now());
  await settledSoon(fleet, 'one');
});

/** A server on every address that accepts and never answers. */
async function blackHole(t: TestContext): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => sockets.add(socket.on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

test('every proxy gets its own location with the same bytes; a changed one is pushed without a new version', async (t) => {
  const rig = new Rig(t);
  const [one, two] = [await rig.proxy('one'), await rig.proxy('two')];
  const fleet = rig.fleet();
  fleet.setEpoch(EPOCH);
  const want = (location: Location): void => {
    const proxies = [target('one', one.address, { location }), target('two', two.address)];
    fleet.setDesired(translation(proxies, content([A])), performance.now());
  };
  const places = [
    { zone: 'eu-1a', node: 'n1' },
    { zone: 'eu-1b', node: 'n1' },
    { zone: 'eu-1b', node: 'n2' },
  ];
  for (const [i, place] of places.entries()) {
    want(place);
    if (i === 0) await settledSoon(fleet, 'one', 'two');
    assert.ok(current(fleet, 'one', 'two'), 'a location is no reason to doubt what was acknowledged');
    await until(() => one.dataPlane.locations.length === i + 1);
  }
  assert.deepEqual([one.dataPlane.locations, two.dataPlane.locations], [places, [UNKNOWN_LOCATION]]);
  assert.deepEqual(
    one.dataPlane.applied.map(({ version }) => version.sequence),
    [1, 1, 1],
  );
  assert.deepEqual(
    rig.pushes(one.address).map((sent) => Object.values(sent.snapshot?.parts ?? {})),
    [[A], [], []],
  );
});

test('a proxy that lacks parts gets them with the next push', async (t) => {
  const rig = new Rig(t);
  const one = await rig.proxy('one');
  const fleet = rig.fleet();
  fleet.setEpoch(EPOCH);
  fleet.setDesired(translation([target('one', one.address)], content([A, B])), performance.now());
  await settledSoon(fleet, 'one');
  await one.control.close();
  await rm(one.folder, { recursive: true });
  await rig.boot(one);
  fleet.setDesired(translation([target('one', one.address)], content([A, B, C])), performance.now());
  await settledSoon(fleet, 'one');
  const pushes = rig
    .pushes(one.address)
    .filter((sent) => sent.outcome !== 'failed')
    .slice(1);
  assert.deepEqual(
    pushes.map((sent) => sent.outcome),
    ['missing', 'acked'],
  );
  assert.deepEqual(
    pushes.map((sent) => Object.values(sent.snapshot?.parts ?? {})),
    [[C], [A, B, C]],
  );
});

test('a proxy that moves to another selection is never sent a lower version', async (t) => {
  const rig = new Rig(t);
  const [one, two] = [await rig.proxy('one'), await rig.proxy('two')];
  const at = (first: string, second: string): Parameters<typeof translation>[0] => [
    target('one', one.address, { selection: first }),
    target('two', two.address, { selection: second }),
  ];
  const contents = { x: content([A]), y: content([B]) };
  const fleet = rig.fleet();
  fleet.setEpoch(EPOCH);
  fleet.setDesired(translation(at('x', 'x'), contents), performance.now());
  await settledSoon(fleet, 'one', 'two');
  fleet.setDesired(translation(at('y', 'x'), contents), performance.now());
  await settledSoon(fleet, 'one', 'two');
  fleet.setDesired(translation(at('x', 'x'), contents), performance.now());
  await settledSoon(fleet, 'one', 'two');
  const sequences = (address: string): unknown => rig.pushes(address).map((sent) => sent.snapshot?.version.sequence);
  assert.deepEqual(sequences(one.address), [1, 2, 3]);
  assert.deepEqual(sequences(two.address), [1], 'the other proxy has that content and is left alone');
  assert.ok(rig.results.every((result) => result === 'acked'));
});

test('another snapshot of the same version: the sequence is raised and the push repeated', async (t) => {
  const rig = new Rig(t);
  const one = await rig.proxy('one');
  const [usurper, fleet] = [rig.fleet(), rig.fleet()];
  usurper.setEpoch(EPOCH);
  usurper.setDesired(translation([target('one', one.address)], content([B])), performance.now());
  await settledSoon(usurper, 'one');
  fleet.setEpoch(EPOCH);
  fleet.setDesired(translation([target('one', one.address)], content([A])), performance.now());
  await settledSoon(fleet, 'one');
  assert.deepEqual(rig.results, ['acked', 'conflict', 'acked']);
  assert.equal(fleet.reports().get('one')?.acked?.sequence, 2);
  assert.equal(fleet.reports().get('one')?.error, undefined);
});

test('a proxy with a higher epoch fences the leader, once, and accepts its next epoch', async (t) => {
  const rig = new Rig(t);
  const one = await rig.proxy('one');
  const [successor, fleet] = [rig.fleet(), rig.fleet()];
  successor.setEpoch(EPOCH + 5);
  successor.setDesired(translation([target('one', one.address)], content([B])), performance.now());
  await settledSoon(successor, 'one');
  fleet.setEpoch(EPOCH);
  fleet.setDesired(translation([target('one', one.address)], content([A])), performance.now());
  await until(() => rig.results.filter((result) => result === 'stale').length >= 3);
  assert.deepEqual(rig.fenced, [{ epoch: EPOCH + 5, sequence: 1 }]);
  assert.match(fleet.reports().get('one')?.error ?? '', /seen version 1795305605\.1/);
  fleet.setEpoch(EPOCH + 6);
  await settledSoon(fleet, 'one');
  assert.deepEqual(one.dataPlane.applied.at(-1)?.version, { epoch: EPOCH + 6, sequence: 1 });
});

test('under a new epoch every proxy gets its content again; what it has stays current meanwhile', async (t) => {
  const rig = new Rig(t);
  const one = await rig.proxy('one');
  const fleet = rig.fleet();
  fleet.setEpoch(EPOCH);
  fleet.setDesired(translation([target('one', one.address)], content([A])), performance.now());
  await settledSoon(fleet, 'one');
  fleet.setEpoch(EPOCH + 1);
  assert.ok(current(fleet, 'one'));
  await until(() => fleet.reports().get('one')?.acked?.epoch === EPOCH + 1);
  assert.deepEqual(Object.keys(rig.pushes(one.address).at(-1)?.snapshot?.parts ?? {}), [], 'it has all the parts');
});

for (const [what, end] of [
  ['a standby pushes nothing', (fleet) => fleet.setEpoch(undefined)],
  ['a Lease that is no longer fresh stops pushes at once', (_, rig) => (rig.leading = false)],
] satisfies [string, (fleet: ReturnType<Rig['fleet']>, rig: Rig) => void][]) {
  test(what, async (t) => {
    const rig = new Rig(t);
    const one = await rig.proxy('one');
    const fleet = rig.fleet({ statusInterval: 5, firstStatus: 5, newsPause: 5 });
    fleet.setEpoch(EPOCH);
    fleet.setDesired(translation([target('one', one.address)], content([A])), performance.now());
    await settledSoon(fleet, 'one');
    end(fleet, rig);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const before = rig.sent.length;
    fleet.setDesired(translation([target('one', one.address)], content([B])), performance.now());
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.equal(rig.sent.length, before);
    assert.equal(current(fleet, 'one'), false);
  });
}

test('what was known of proxies is dropped with the term, and a standby counts no proxy', async (t) => {
  const rig = new Rig(t);
  const one = await rig.proxy('one');
  const fleet = rig.fleet();
  fleet.setEpoch(EPOCH);
  fleet.setDesired(translation([target('one', one.address)], content([A], 1)), performance.now());
  await settledSoon(fleet, 'one');
  await until(() => rig.counts['current'] === 1);
  const changed = rig.changed;
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  one.dataPlane.gate = () => opened;
  fleet.setDesired(translation([target('one', one.address)], content([B], 2)), performance.now());
  await until(() => one.dataPlane.busy === 1);
  fleet.setEpoch(undefined);
  open();
  await until(() => rig.results.length === 2);
  assert.deepEqual(fleet.reports().get('one'), { current: false, rejected: [], unhealthy: undefined, degraded: undefined });
  await until(() => rig.counts['current'] === 0 && rig.counts['pending'] === 0 && rig.changed > changed);
  fleet.setEpoch(EPOCH + 7);
  await until(() => fleet.reports().get('one')?.acked?.epoch === EPOCH + 7);
  await until(() => rig.counts['current'] === 1);
});

test('a clock that differs too much is retried and reported, and recovers', async (t) => {
  const rig = new Rig(t);
  const one = await rig.proxy('one');
  one.skew = 600_000;
  const fleet = rig.fleet();
  fleet.setEpoch(EPOCH);
  fleet.setDesired(translation([target('one', one.address)], content([A])), performance.now());
  await until(() => rig.skew > 0 && rig.counts['failing'] === 1);
  assert.ok(Math.abs(rig.skew - 600) <= 1);
  assert.match(fleet.reports().get('one')?.error ?? '', /refused the token \(expired\); its clock is \d+ s ahead/);
  one.skew = 0;
  await settledSoon(fleet, 'one');
  await until(() => rig.skew === 0);
});

test('a pod with another UID at the address refuses, and nothing is acknowledged', async (t) => {
  const rig = new Rig(t);
  const other = await rig.proxy('other');
  const fleet = rig.fleet();
  fleet.setEpoch(EPOCH);
  fleet.setDesired(translation([target('one', other.address)], content([A])), performance.now());
  await until(() => rig.results.includes('unauthorized'));
  assert.match(fleet.reports().get('one')?.error ?? '', /wrong-audience/);
  assert.deepEqual(other.dataPlane.applied, []);
});

test('a new container is pushed to at once, whatever the back-off', async (t) => {
  const rig = new Rig(t);
  const one = await rig.proxy('one');
  const fleet = rig.fleet({ retry: { base: 3_600_000, max: 3_600_000 } });
  fleet.setEpoch(EPOCH);
  fleet.setDesired(translation([target('one', '127.9.2.1')], content([A])), performance.now());
  await until(() => rig.results.length === 1);
  fleet.setDesired(translation([target('one', one.address)], content([A])), performance.now());
  await settledSoon(fleet, 'one');
  await one.control.close();
  await rig.boot(one);
  fleet.setDesired(translation([target('one', one.address, { container: 'c2' })], content([A])), performance.now());
  assert.equal(current(fleet, 'one'), false);
  await until(() => rig.results.length >= 3);
  assert.deepEqual(rig.results.slice(0, 2), ['failed', 'acked']);
});

test('drift is detected by a status query, and corrected', async (t) => {
  const rig = new Rig(t);
  const one = await rig.proxy('one');
  const fleet = rig.fleet({ statusInterval: 20, firstStatus: 20, newsPause: 20 });
  fleet.setEpoch(EPOCH);
  fleet.setDesired(translation([target('one', one.address)], content([A])), performance.now());
  await settledSoon(fleet, 'one');
  await one.control.close();
  await rm(one.folder, { recursive: true });
  await rig.boot(one);
  await until(() => one.dataPlane.applied.length === 1);
  await settledSoon(fleet, 'one');
});

/** A proxy that is polled, and rejects a listener. */
async function polledProxy(rig: Rig): ReturnType<Rig['waitingProxy']> {
  const { proxy, address } = await rig.waitingProxy('one');
  proxy.canWait = false;
  proxy.tell({ rejected: [{ policy: 'default/web', listener: 8000, reason: 'the port is in use' }] });
  return { proxy, address };
}

test('answers bring rejected listeners and unhealthy endpoints', async (t) => {
  const rig = new Rig(t);
  const { proxy, address } = await polledProxy(rig);
  const fleet = rig.fleet({ statusInterval: 10, firstStatus: 10 });
  fleet.setEpoch(EPOCH);
  fleet.setDesired(translation([target('one', address)], content([A])), performance.now());
  await settledSoon(fleet, 'one');
  assert.deepEqual(fleet.reports().get('one')?.rejected, [
    { policy: 'default/web', listener: 8000, reason: 'the port is in use' },
  ]);
  await until(() => fleet.reports().get('one')?.unhealthy?.length === 0);
  await until(() => rig.changed > 0);
  const before = rig.changed;
  proxy.tell({ unhealthy: [{ pool: 'p', endpoint: 'e', reason: 'probe', detail: 'HTTP 500' }] });
  await until(() => fleet.reports().get('one')?.unhealthy?.length === 1);
  await until(() => rig.changed > before);
});

test('an answer that says nothing new is no event', async (t) => {
  const rig = new Rig(t);
  const { proxy, address } = await polledProxy(rig);
  proxy.tell({ unhealthy: [{ pool: 'p', endpoint: 'e', reason: 'probe', detail: 'HTTP 500' }] });
  const fleet = rig.fleet({ statusInterval: 10, firstStatus: 10 });
  fleet.setEpoch(EPOCH);
  fleet.setDesired(translation([target('one', address)], content([A])), performance.now());
  const answers = (): number => rig.sent.filter(({ kind, outcome }) => kind === 'status' && outcome === 'status').length;
  await until(() => answers() === 3);
  const { changed } = rig;
  const lists = fleet.reports().get('one');
  await until(() => answers() === 8);
  assert.ok(changed > 0);
  assert.equal(rig.changed, changed);
  assert.equal(fleet.reports().get('one')?.unhealthy, lists?.unhealthy, 'the same list, for who compares by identity');
  assert.equal(fleet.reports().get('one')?.rejected, lists?.rejected);
});

test('a higher fence in a status answer fences the leader', async (t) => {
  const rig = new Rig(t);
  const one = await rig.proxy('one');
  const [successor, fleet] = [rig.fleet(), rig.fleet({ statusInterval: 20, firstStatus: 200, newsPause: 200 })];
  fleet.setEpoch(EPOCH);
  fleet.setDesired(translation([target('one', one.address)], content([A])), performance.now());
  await settledSoon(fleet, 'one');
  successor.setEpoch(EPOCH + 1);
  successor.setDesired(translation([target('one', one.address)], content([B])), performance.now());
  await until(() => rig.fenced.length === 1);
  const seen: Version | undefined = rig.fenced[0];
  assert.equal(seen?.epoch, EPOCH + 1);
});

test('propagation is measured until the last Ready proxy acknowledged', async (t) => {
  const rig = new Rig(t);
  const [one, two] = [await rig.proxy('one'), await rig.proxy('two')];
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  two.dataPlane.gate = () => opened;
  const fleet = rig.fleet();
  fleet.setEpoch(EPOCH);
  const proxies = [target('one', one.address), target('two', two.address), target('three', '127.9.3.1', { ready: false })];
  fleet.setDesired(translation(proxies, content([A])), performance.now() - 5000);
  await settledSoon(fleet, 'one');
  assert.deepEqual(rig.propagated, []);
  open();
  await until(() => rig.propagated.length === 1);
  assert.ok((rig.propagated[0] ?? 0) >= 5);
});

test('a proxy that is gone is neither pushed to nor reported', async (t) => {
  const rig = new Rig(t);
  const one = await rig.proxy('one');
  const fleet = rig.fleet({ statusInterval: 5, firstStatus: 5, newsPause: 5 });
  fleet.setEpoch(EPOCH);
  fleet.setDesired(translation([target('one', one.address)], content([A])), performance.now());
  await settledSoon(fleet, 'one');
  fleet.setDesired(translation([], content([A])), performance.now());
  assert.equal(fleet.reports().size, 0);
  await new Promise((resolve) => setTimeout(resolve, 20));
  const before = rig.sent.length;
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.equal(rig.sent.length, before);
});

test('stop ends within two seconds, even while a proxy hangs', async (t) => {
  const rig = new Rig(t);
  rig.route('127.9.4.1', await blackHole(t));
  const fleet = rig.fleet();
  fleet.setEpoch(EPOCH);
  fleet.setDesired(translation([target('one', '127.9.4.1')], content([A])), performance.now());
  await until(() => rig.sent.length === 1);
  const began = performance.now();
  await fleet.stop();
  assert.ok(performance.now() - began < 4000, 'an exchange may hang for 10 s');
});
