/** What the operator learns of a policy, and how soon: a control API over a whole data plane. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createControlServer } from '../control/control-server.ts';
import { FakeLog, FakeMetrics, NOW, POD, status } from '../control/testing.ts';
import { asStatusAnswer } from '../snapshot/answers.ts';
import { testKey } from '../snapshot/testing.ts';
import type { StatusAnswer } from '../snapshot/types.ts';
import { closedPort, endpoint, get, httpBackend, opener, PASSIVE, POOL, statusOf } from '../testing.ts';
import type { Backend, TestProxy } from '../testing.ts';

const { start, track } = opener();
const timing = { interval: 50, timeout: 5000, unhealthyThreshold: 1, healthyThreshold: 1 };
const HTTP = { ...timing, type: 'HTTP', method: 'GET', path: '/healthz', expectedStatuses: [{ from: 200, to: 399 }] } as const;
const part = { healthCheck: { passive: PASSIVE, active: HTTP } };

/** Asks the proxy like an operator. */
async function asker(t: TestContext, proxy: TestProxy) {
  const stateDir = await mkdtemp(join(tmpdir(), 'outrigger-status-'));
  const key = testKey();
  const control = createControlServer({
    ...{ podUid: POD, dataPlane: proxy.runtime, metrics: new FakeMetrics(), log: new FakeLog() },
    ...{ stateDir, bootstrapKeys: [key.publicKey], now: () => NOW },
  });
  const { port } = await control.start('127.0.0.1', 0);
  t.after(async () => {
    await control.close();
    await rm(stateDir, { recursive: true, force: true });
  });
  const ask = async (after?: string): Promise<StatusAnswer> => {
    const { body } = await status({ port, key }, after === undefined ? {} : { query: `?after=${after}` });
    return asStatusAnswer(body) ?? assert.fail(JSON.stringify(body));
  };
  let known: string | undefined;
  return {
    ask,
    /** Waits for news until the answer is as wanted. */
    until: async (wanted: (answer: StatusAnswer) => boolean): Promise<StatusAnswer> => {
      for (;;) {
        const answer = await ask(known);
        known = answer.revision;
        if (wanted(answer)) return answer;
      }
    },
  };
}

/** A backend whose health check can be made to fail. */
async function switchable(): Promise<{ backend: Backend; state: { code: number; asked: number } }> {
  const state = { code: 200, asked: 0 };
  const backend = track(
    await httpBackend((req, res) => {
      const check = req.url === '/healthz';
      if (check) state.asked++;
      res.writeHead(check ? state.code : 200).end('served');
    }),
  );
  return { backend, state };
}

test('a health check that fails ends the wait, with the check, the evidence and what requests get', async (t) => {
  const { backend, state } = await switchable();
  const proxy = await start({ endpoints: [endpoint(backend.port)], part });
  const { ask, until } = await asker(t, proxy);
  const good = await until(({ degraded }) => degraded?.length === 0);
  assert.deepEqual(good.unhealthy, []);
  const asked = state.asked;
  const waiting = ask(good.revision);
  state.code = 404;
  const bad = await waiting;
  assert.notEqual(bad.revision, good.revision);
  const found = {
    pool: POOL,
    endpoint: `e-${backend.port}`,
    reason: 'probe',
    detail: 'HTTP 404, expected 200-399',
    check: 'GET /healthz',
  };
  assert.deepEqual(bad.unhealthy, [found]);
  assert.deepEqual(bad.degraded, [{ policy: 'default/p', state: 'unavailable' }]);
  assert.equal(statusOf(await get(proxy.port)), 503);
  assert.ok(state.asked > asked);
  state.code = 200;
  const again = await ask(bad.revision);
  assert.deepEqual([again.unhealthy, again.degraded], [[], []]);
  assert.equal(statusOf(await get(proxy.port)), 200);
});

test('until the first probe has ended, the policy is being checked; its end is news', async (t) => {
  let finish: () => void = () => assert.fail('no probe has begun');
  let begun = false;
  const backend = track(
    await httpBackend((_req, res) => {
      begun = true;
      finish = () => void res.end('fine');
    }),
  );
  const proxy = await start({
    endpoints: [endpoint(backend.port)],
    part: { healthCheck: { passive: PASSIVE, active: { ...HTTP, interval: 60_000 } } },
  });
  const { ask } = await asker(t, proxy);
  const checking = await ask();
  assert.deepEqual(checking.degraded, [{ policy: 'default/p', state: 'checking' }]);
  while (!begun) await new Promise((resolve) => setTimeout(resolve, 5));
  const waiting = ask(checking.revision);
  finish();
  assert.deepEqual((await waiting).degraded, []);
});

test('an ejection is news', async (t) => {
  const { backend } = await switchable();
  const refused = endpoint(await closedPort());
  const proxy = await start({ endpoints: [refused, endpoint(backend.port)] });
  const { ask, until } = await asker(t, proxy);
  const before = await ask();
  assert.deepEqual([before.unhealthy, before.degraded], [[], []]);
  const waiting = until(({ unhealthy }) => unhealthy.length === 1);
  for (let i = 0; i < 12 && proxy.runtime.unhealthy().length === 0; i++) await get(proxy.port);
  const ejected = await waiting;
  assert.deepEqual(
    ejected.unhealthy.map(({ endpoint: id, reason, check }) => [id, reason, check]),
    [[refused.id, 'ejected', undefined]],
  );
  assert.deepEqual(ejected.degraded, [], 'the other one serves');
});
