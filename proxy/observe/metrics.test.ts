/** Metrics of requests that no other test covers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endpoint, get, httpBackend, opener, statusOf } from '../testing.ts';
import type { TestProxy } from '../testing.ts';

const { start, track } = opener();

/** Lines of a metric, without its name. */
async function linesOf(proxy: TestProxy, name: string): Promise<string[]> {
  const lines = (await proxy.metrics()).split('\n');
  return lines.filter((line) => line.startsWith(`outrigger_${name}`)).map((line) => line.slice(`outrigger_${name}`.length));
}

test('a request that matches no policy is counted, but under no policy', async () => {
  const proxy = await start({ endpoints: [], route: { hostnames: ['known.example'] } });
  assert.deepEqual(await linesOf(proxy, 'unrouted_total'), [' 0']);
  assert.equal(statusOf(await get(proxy.port)), 404);
  assert.deepEqual(await linesOf(proxy, 'unrouted_total'), [' 1']);
  assert.deepEqual(await linesOf(proxy, 'requests_total'), []);
});

test('replies of the proxy itself are counted by reason', async () => {
  const proxy = await start({ endpoints: [] });
  assert.equal(statusOf(await get(proxy.port)), 503);
  assert.deepEqual(await linesOf(proxy, 'local_answers_total'), ['{namespace="default",policy="p",reason="no-endpoint"} 1']);
});

test('an endpoint has the time to its response heads, failures included, and has a series before its first request', async () => {
  const wait = [30, 60];
  const backend = track(
    await httpBackend((_req, res) => {
      const ms = wait.shift();
      setTimeout(() => res.writeHead(ms === 30 ? 200 : 500).end(), ms);
    }),
  );
  const proxy = await start({ endpoints: [endpoint(backend.port)], retry: { attempts: 0 } });
  const of = `{namespace="default",policy="p",endpoint="pod:${backend.port}"}`;
  assert.deepEqual(await linesOf(proxy, 'endpoint_first_byte_seconds'), [`_sum${of} 0`, `_count${of} 0`]);
  await get(proxy.port);
  await get(proxy.port);
  const [sum = '', count] = await linesOf(proxy, 'endpoint_first_byte_seconds');
  const seconds = Number(sum.split(' ')[1]);
  assert.ok(seconds > 0.08 && seconds < 5, sum);
  assert.equal(count, `_count${of} 2`);
});

test('every metric has one help text', async () => {
  const proxy = await start({ endpoints: [] });
  const text = await proxy.metrics();
  const helped = [...text.matchAll(/^# HELP (\S+) \S.*\n# TYPE \1 (?:counter|gauge|histogram|summary)$/gm)].map(
    ([, name]) => name,
  );
  assert.ok(helped.length > 40);
  assert.equal(new Set(helped).size, helped.length);
  for (const line of text.trimEnd().split('\n')) assert.match(line, /^#|^\w+(?:\{(?:\w+="[^"\n]*",?)+\})? -?[\d.e+-]+$/, line);
});
