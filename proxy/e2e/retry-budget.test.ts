/** The retry budget from the client's side: how many retries it allows, which retries count, and which do not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closedPort, endpoint, get, opener, scriptedBackend, statusOf } from '../testing.ts';
import type { TestProxy } from '../testing.ts';

const { start, track } = opener();
const failing = () => scriptedBackend('HTTP/1.1 503 no\r\nContent-Length: 0\r\n\r\n').then(track);
const NO_EJECTION = {
  part: { healthCheck: { passive: { consecutiveConnectFailures: 1000, baseEjectionTime: 1000, maxEjectionPercent: 100 } } },
};

async function triesOf(proxy: TestProxy, requests: number): Promise<number> {
  for (let i = 0; i < requests; i++) await get(proxy.port);
  return proxy.records.slice(-requests).reduce((sum, { tries }) => sum + tries, 0);
}

test('failing backends receive a fifth more requests, not three times as many', async () => {
  const endpoints = await Promise.all([failing(), failing(), failing()]).then((all) => all.map((b) => endpoint(b.port)));
  const proxy = await start({ endpoints, retry: { budget: { percent: 20, minPerSecond: 0 } } });
  const tries = await triesOf(proxy, 100);
  assert.equal(tries, 120);
  const text = await proxy.metrics();
  const exhausted = Number(/outrigger_retry_budget_exhausted_total\{[^}]*\} (\d+)/.exec(text)?.[1]);
  // Each request without a further try was denied one, except those whose tries were used up.
  assert.ok(exhausted >= 80 && exhausted <= 100, String(exhausted));
});

test('a client receives the backend’s last response when the budget is exhausted', async () => {
  const endpoints = [endpoint((await failing()).port), endpoint((await failing()).port)];
  const proxy = await start({ endpoints, retry: { budget: { percent: 0, minPerSecond: 0 } } });
  const answer = await get(proxy.port);
  assert.equal(statusOf(answer), 503);
  assert.doesNotMatch(answer, /outrigger-reason/);
  assert.equal(proxy.records[0]?.tries, 1);
});

test('a connect failure does not count', async () => {
  const good = track(await scriptedBackend('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
  const dead = [await closedPort(), await closedPort()];
  const endpoints = [...dead, good.port].map((port) => endpoint(port));
  const proxy = await start({ endpoints, retry: { budget: { percent: 0, minPerSecond: 0 } }, ...NO_EJECTION });
  for (let i = 0; i < 9; i++) assert.equal(statusOf(await get(proxy.port)), 200);
  assert.ok(proxy.records.some(({ tries }) => tries === 3));
});

test('a change of the policy neither refills nor empties the budget', async () => {
  const endpoints = [endpoint((await failing()).port), endpoint((await failing()).port)];
  const spec = (bufferLimit: number) => ({ endpoints, retry: { budget: { percent: 0, minPerSecond: 1 }, bufferLimit } });
  const proxy = await start(spec(1));
  assert.equal(await triesOf(proxy, 12), 22);
  for (let i = 2; i < 6; i++) {
    await proxy.apply(spec(i));
    // One or two seconds may have passed, each of which allows one retry.
    assert.ok((await triesOf(proxy, 10)) <= 12);
  }
});
