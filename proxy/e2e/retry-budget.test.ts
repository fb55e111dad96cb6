/** The retry budget from the client's side: what it lets through, what it costs, and what is free. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closedPort, endpoint, get, opener, scriptedBackend, statusOf } from '../testing.ts';
import type { TestProxy } from '../testing.ts';

const { start, track } = opener();
const unhappy = () => scriptedBackend('HTTP/1.1 503 no\r\nContent-Length: 0\r\n\r\n').then(track);
const NO_EJECTION = {
  part: { healthCheck: { passive: { consecutiveConnectFailures: 1000, baseEjectionTime: 1000, maxEjectionPercent: 100 } } },
};

async function triesOf(proxy: TestProxy, requests: number): Promise<number> {
  for (let i = 0; i < requests; i++) await get(proxy.port);
  return proxy.records.slice(-requests).reduce((sum, { tries }) => sum + tries, 0);
}

test('backends that all fail get a fifth more requests, not three times as many', async () => {
  const endpoints = await Promise.all([unhappy(), unhappy(), unhappy()]).then((all) => all.map((b) => endpoint(b.port)));
  const proxy = await start({ endpoints, retry: { budget: { percent: 20, minPerSecond: 0 } } });
  const tries = await triesOf(proxy, 100);
  assert.equal(tries, 120);
  const text = await proxy.metrics();
  const exhausted = Number(/outrigger_retry_budget_exhausted_total\{[^}]*\} (\d+)/.exec(text)?.[1]);
  // Each request that got no further try was refused one, but for those whose tries were used up.
  assert.ok(exhausted >= 80 && exhausted <= 100, String(exhausted));
});

test('a client gets the last answer of a backend when the budget is used up', async () => {
  const endpoints = [endpoint((await unhappy()).port), endpoint((await unhappy()).port)];
  const proxy = await start({ endpoints, retry: { budget: { percent: 0, minPerSecond: 0 } } });
  const answer = await get(proxy.port);
  assert.equal(statusOf(answer), 503);
  assert.doesNotMatch(answer, /outrigger-reason/);
  assert.equal(proxy.records[0]?.tries, 1);
});

test('a connect failure costs nothing', async () => {
  const good = track(await scriptedBackend('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
  const dead = [await closedPort(), await closedPort()];
  const endpoints = [...dead, good.port].map((port) => endpoint(port));
  const proxy = await start({ endpoints, retry: { budget: { percent: 0, minPerSecond: 0 } }, ...NO_EJECTION });
  for (let i = 0; i < 9; i++) assert.equal(statusOf(await get(proxy.port)), 200);
  assert.ok(proxy.records.some(({ tries }) => tries === 3));
});

test('a change of the policy neither fills the budget nor empties it', async () => {
  const endpoints = [endpoint((await unhappy()).port), endpoint((await unhappy()).port)];
  const spec = (bufferLimit: number) => ({ endpoints, retry: { budget: { percent: 0, minPerSecond: 1 }, bufferLimit } });
  const proxy = await start(spec(1));
  assert.equal(await triesOf(proxy, 12), 22);
  for (let i = 2; i < 6; i++) {
    await proxy.apply(spec(i));
    // The floor may have gained a second or two meanwhile.
    assert.ok((await triesOf(proxy, 10)) <= 12);
  }
});
