/** What the runtime reports of policies is what their requests get. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { RequestRecord } from './request/request-record.ts';
import type { DegradedPolicy, Endpoint, Fallback, Listener, PoolPart } from './snapshot/types.ts';
import { endpoint, PASSIVE, RETRY } from './testing.ts';
import { POLICY, route, StatusWorld } from './test-status.ts';

const PORT = 8080;
const [FIRST, SECOND, SPARE] = ['default/p/default/a:80', 'default/p/default/b:80', 'default/p/default/spare:80'];
const CHECK = { type: 'TCP', interval: 1000, timeout: 1000, unhealthyThreshold: 1, healthyThreshold: 1 } as const;
/** Nothing returns from an ejection by itself, so that requests only observe. */
const passive = { ...PASSIVE, baseEjectionTime: 1e9, maxEjectionPercent: 100 };
const page: Fallback = { type: 'Response', statusCode: 502, contentType: 'text/plain', body: '' };
const away: Fallback = { type: 'Redirect', url: 'https://status.example/', statusCode: 302 };
const spare: Fallback = { type: 'Backend', pool: SPARE };

interface Content {
  readonly weights: readonly [number, number];
  readonly fallback: Fallback | undefined;
  readonly parts: Readonly<Record<string, PoolPart>>;
}
type Step =
  | { readonly kind: 'probe'; readonly endpoint: string; readonly ok: boolean }
  | { readonly kind: 'refuse'; readonly endpoint: string }
  | { readonly kind: 'apply'; readonly content: Content };

const POOLS = [FIRST, SECOND, SPARE];
const idOf = (pool: string, i: number) => `${pool} ${i}`;
const endpoints = (pool: string) =>
  fc
    .array(
      fc.record({ weight: fc.constantFrom(0, 1, 1), state: fc.constantFrom<Endpoint['state']>('active', 'active', 'draining') }),
      {
        maxLength: 3,
      },
    )
    .map((list) => list.map((some, i) => endpoint(i + 1, { id: idOf(pool, i), ...some })));
const part = (pool: string): fc.Arbitrary<PoolPart> =>
  fc
    .tuple(endpoints(pool), fc.boolean(), fc.constantFrom(undefined, undefined, 40, 100))
    .map(([list, checked, panicThreshold]) => ({
      loadBalancer: { type: 'RoundRobin' },
      healthCheck: {
        passive,
        ...(checked && { active: CHECK }),
        ...(panicThreshold !== undefined && { panicThreshold }),
      },
      endpoints: list,
    }));
const weight = fc.constantFrom(0, 1, 2);
const content: fc.Arbitrary<Content> = fc.record({
  weights: fc.tuple(weight, weight),
  fallback: fc.constantFrom(undefined, undefined, page, away, spare),
  parts: fc
    .tuple(...POOLS.map(part))
    .map((parts) => Object.fromEntries(parts.map((p, i): [string, PoolPart] => [POOLS[i] ?? '', p]))),
});
const anyEndpoint = fc.tuple(fc.constantFrom(...POOLS), fc.nat(2)).map(([pool, i]) => idOf(pool, i));
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('probe' as const), endpoint: anyEndpoint, ok: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('refuse' as const), endpoint: anyEndpoint }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('apply' as const), content }) },
  ),
  { maxLength: 12 },
);

function listenerOf({ weights, fallback }: Content): Listener {
  const destinations = [FIRST, SECOND].map((pool, i) => ({ pool, weight: weights[i] ?? 0 }));
  return { port: PORT, protocol: 'HTTP', routes: [route({ destinations, ...(fallback && { fallback }) })] };
}

function run(world: StatusWorld, step: Step): Promise<void> | void {
  if (step.kind === 'probe') return world.probe(step.endpoint, step.ok);
  if (step.kind === 'refuse') return world.refuse(step.endpoint);
  return world.apply([listenerOf(step.content)], step.content.parts);
}

/** Enough requests that every backend and every endpoint that can be picked is picked. */
const ENOUGH = 24;

async function request(world: StatusWorld): Promise<RequestRecord[]> {
  const records: RequestRecord[] = [];
  for (let i = 0; i < ENOUGH; i++) records.push(await world.request(PORT));
  return records;
}

/** The state of the policy by what its requests got. */
function observed(world: StatusWorld, records: readonly RequestRecord[]): DegradedPolicy['state'] | undefined {
  const kinds = new Set(records.map((r) => kindOf(world, r)));
  for (const kind of ['healthy', 'checking', 'panic'] as const) {
    if (!kinds.has(kind)) continue;
    assert.ok(
      [...kinds].every((each) => !/fallback|unavailable/.test(each)),
      'a usable backend serves every request',
    );
    return kind === 'healthy' ? undefined : kind;
  }
  if (kinds.has('unavailable')) assert.equal(kinds.size, 1, [...kinds].join());
  if (kinds.has('unavailable')) return 'unavailable';
  return kinds.has('unchecked fallback') && !kinds.has('fallback') ? 'checking' : 'fallback';
}

/** What a request got. */
type Kind = 'healthy' | DegradedPolicy['state'] | 'unchecked fallback' | 'panicking fallback';

function kindOf(world: StatusWorld, { endpoint: e, status, reason }: RequestRecord): Kind {
  if (!e || status !== 200) {
    assert.ok(reason === 'no-endpoint' || reason === 'connect-failed' || status === 302);
    return status === 503 ? 'unavailable' : 'fallback';
  }
  const unchecked = e.watch?.checked === false;
  if (world.runtime.endpointSets.get(SPARE)?.endpoints.includes(e)) {
    if (!e.healthy) return 'panicking fallback';
    return unchecked ? 'unchecked fallback' : 'fallback';
  }
  if (!e.healthy) return 'panic';
  return unchecked ? 'checking' : 'healthy';
}

const stateOf = (world: StatusWorld) => world.runtime.degraded().find(({ policy }) => policy === POLICY)?.state;

test('for any history, a policy is degraded exactly as its requests are', async () => {
  const seen = new Set<unknown>();
  await fc.assert(
    fc.asyncProperty(content, steps, async (first, history) => {
      const world = new StatusWorld();
      for (const step of [{ kind: 'apply', content: first } as const, ...history]) {
        await run(world, step);
        // An endpoint that refused connections, and could not be ejected, counts again once a request succeeds.
        await request(world);
        const state = stateOf(world);
        seen.add(state);
        assert.equal(state, observed(world, await request(world)));
        assert.equal(stateOf(world), state, 'requests change nothing more');
      }
      await world.runtime.drain(0);
    }),
    { numRuns: 400 },
  );
  assert.deepEqual(seen, new Set([undefined, 'checking', 'panic', 'fallback', 'unavailable']));
});

test('the last endpoint refuses connections: not ejected, but reported, until it accepts one', async () => {
  const world = new StatusWorld();
  const once = { ...RETRY, attempts: 0 };
  const part: PoolPart = {
    loadBalancer: { type: 'RoundRobin' },
    healthCheck: { passive },
    endpoints: [endpoint(1, { id: 'a' })],
  };
  for (const [fallback, state] of [
    [undefined, 'unavailable'],
    [away, 'fallback'],
  ] as const) {
    const destinations = [{ pool: FIRST, weight: 1 }];
    const routes = [route({ retry: once, destinations, ...(fallback && { fallback }) })];
    await world.apply([{ port: PORT, protocol: 'HTTP', routes }], { [FIRST]: part });
    assert.equal(stateOf(world), undefined);
    let news = 0;
    world.runtime.onNews(() => news++);
    world.down.add('a');
    const found: unknown[] = [];
    for (let i = 0; i < 4; i++) {
      const { status } = await world.request(PORT);
      found.push([status, stateOf(world), news]);
    }
    const failed = fallback ? 302 : 503;
    assert.deepEqual(found, [
      [failed, undefined, 0],
      [failed, undefined, 0],
      [failed, state, 1],
      [failed, state, 1],
    ]);
    const [unhealthy] = world.runtime.unhealthy();
    assert.deepEqual([unhealthy?.check, unhealthy?.detail], ['requests', '3 connect failures in a row']);
    world.down.clear();
    assert.equal((await world.request(PORT)).status, 200);
    assert.deepEqual([stateOf(world), world.runtime.unhealthy(), news], [undefined, [], 2]);
  }
  await world.runtime.drain(0);
});

test('a fallback whose endpoints were not checked yet does not count as one that answers', async () => {
  const world = new StatusWorld();
  const part: PoolPart = { loadBalancer: { type: 'RoundRobin' }, healthCheck: { passive, active: CHECK }, endpoints: [] };
  const parts = { [FIRST]: part, [SPARE]: { ...part, endpoints: [endpoint(1, { id: 'a' })] } };
  await world.apply([listenerOf({ weights: [1, 0], fallback: spare, parts })], parts);
  assert.equal(stateOf(world), 'checking');
  world.probe('a', false);
  assert.equal(stateOf(world), 'unavailable');
  world.probe('a', true);
  assert.equal(stateOf(world), 'fallback');
  await world.runtime.drain(0);
});

test('a port that stays in use is reported throughout, and logged once; when it is free, the policy is served', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const world = new StatusWorld();
  world.busyPorts.add(PORT);
  const listeners: Listener[] = [{ port: PORT, protocol: 'HTTP', routes: [route()] }];
  await world.apply(listeners, {});
  let calls = 0;
  world.runtime.onNews(() => calls++);
  const rejected = () => world.runtime.rejected().map(({ policy, listener }) => `${policy} ${listener}`);
  for (let retry = 0; retry < 3; retry++) {
    t.mock.timers.tick(2000);
    // Also while the port is being tried.
    for (let turn = 0; turn < 5; turn++, await Promise.resolve()) assert.deepEqual(rejected(), [`${POLICY} ${PORT}`]);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(world.log, [`${POLICY} rejected: port ${PORT} is in use on this proxy by another process`]);
  assert.equal(calls, 0, 'nothing has changed');
  world.busyPorts.clear();
  t.mock.timers.tick(2000);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([rejected(), world.log.slice(1), calls], [[], [`${POLICY} accepted`], 1]);
  await world.runtime.drain(0);
});

test('an expression that does not compile is logged once', async () => {
  const world = new StatusWorld();
  const invalid = route({ matches: [{ path: { type: 'RegularExpression', value: '(' } }] });
  for (let push = 0; push < 2; push++) await world.apply([{ port: PORT, protocol: 'HTTP', routes: [invalid] }], {});
  assert.equal(world.log.length, 1);
  assert.match(world.log[0] ?? '', /^default\/p rejected: matches: .*\(/);
  await world.apply([{ port: PORT, protocol: 'HTTP', routes: [route()] }], {});
  assert.deepEqual(world.log.slice(1), [`${POLICY} accepted`]);
  await world.runtime.drain(0);
});

/** What the operator is told, without evidence. */
function told({ runtime }: StatusWorld): string {
  const unhealthy = runtime.unhealthy().map(({ pool, endpoint: id, reason, check }) => [pool, id, reason, check]);
  return JSON.stringify([runtime.rejected(), unhealthy, runtime.degraded()]);
}

test('for any history, every change of what the operator is told is announced', async () => {
  let changes = 0;
  await fc.assert(
    fc.asyncProperty(content, steps, async (first, history) => {
      const world = new StatusWorld();
      let calls = 0;
      world.runtime.onNews(() => calls++);
      await run(world, { kind: 'apply', content: first });
      for (const step of history) {
        const before = told(world);
        calls = 0;
        await run(world, step);
        // Whoever applies a snapshot knows that it is news.
        if (step.kind === 'apply') continue;
        if (told(world) === before) continue;
        changes++;
        assert.ok(calls > 0, JSON.stringify(step));
      }
      await world.runtime.drain(0);
    }),
    { numRuns: 400 },
  );
  assert.ok(changes > 100);
});

test('probes that find what was known are not announced', async () => {
  const world = new StatusWorld();
  const ids = ['a', 'b', 'c'];
  const checked: PoolPart = {
    loadBalancer: { type: 'RoundRobin' },
    healthCheck: { passive, active: CHECK },
    endpoints: ids.map((id, i) => endpoint(i + 1, { id })),
  };
  const content = { weights: [1, 0], fallback: undefined, parts: { [FIRST]: checked } } as const;
  await world.apply([listenerOf(content)], content.parts);
  let calls = 0;
  world.runtime.onNews(() => calls++);
  const callsOf = (...results: boolean[]) => {
    calls = 0;
    for (const ok of results) for (const id of ids) world.probe(id, ok);
    return calls;
  };
  assert.equal(callsOf(true), 1, 'the first endpoint that passes ends `checking`, the others change nothing');
  assert.equal(callsOf(true, true), 0);
  assert.ok(callsOf(false) >= 3);
  assert.equal(callsOf(false, false), 0);
  await world.runtime.drain(0);
});

describe('degraded', () => {
  const empty: PoolPart = { loadBalancer: { type: 'RoundRobin' }, healthCheck: { passive }, endpoints: [] };
  const destinations = [{ pool: FIRST, weight: 1 }];
  const of = async (routes: Listener['routes'], ports: readonly number[] = [PORT], busy: readonly number[] = []) => {
    const world = new StatusWorld();
    for (const port of busy) world.busyPorts.add(port);
    await world.apply(
      ports.map((port) => ({ port, protocol: 'HTTP', routes })),
      { [FIRST]: empty },
    );
    const found = world.runtime.degraded();
    await world.runtime.drain(0);
    return found;
  };
  const unavailable = [{ policy: POLICY, state: 'unavailable' }];

  test('lists each policy once, with the worst of its routes', async () => {
    assert.deepEqual(await of([route({ destinations })], [PORT, PORT + 1]), unavailable);
    const two = [route({ destinations, fallback: page }), route({ destinations })];
    assert.deepEqual(await of(two), unavailable);
    assert.deepEqual(await of(two.toReversed()), unavailable);
  });

  test('all weights 0 and no fallback: unavailable', async () => {
    assert.deepEqual(await of([route({ destinations: [{ pool: FIRST, weight: 0 }] })]), unavailable);
  });

  test('lists no redirect, no policy without a route, and none that is rejected', async () => {
    assert.deepEqual(await of([route({ requestRedirect: { statusCode: 302 } })]), []);
    assert.deepEqual(await of([]), []);
    assert.deepEqual(await of([route({ destinations })], [PORT], [PORT]), []);
    const invalid = route({ destinations, matches: [{ path: { type: 'RegularExpression', value: '(' } }] });
    assert.deepEqual(await of([invalid]), []);
  });
});
