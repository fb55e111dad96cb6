/** From client to backend: what goes upstream is whole and unambiguous, everything else is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OK, PAIRS, stage, UPSTREAMS } from './test-engines.ts';
import { talk } from './test-hostile.ts';
import { REQUESTS } from './test-requests.ts';
import { readResponses } from './test-strict.ts';

for (const downstream of new Set(PAIRS.map((pair) => pair.downstream))) {
  for (const upstream of UPSTREAMS) {
    for (const c of REQUESTS) {
      const { gets, received: expected } = c.except?.[downstream.name] ?? c;
      test(`${downstream.name} + ${upstream.name}: ${c.what}: ${gets.join(', ')}`, () =>
        stage({ upstream, downstream }, OK, {}, async ({ proxy, backend }) => {
          const { text, ended } = await talk(proxy.port, { send: c.send });
          const methods = typeof c.send === 'string' && c.send.startsWith('HEAD') ? ['HEAD'] : [];
          const { messages, rest } = readResponses(text, methods, true);
          assert.deepEqual([messages.map((m) => m.status), rest, ended], [gets, '', 'closed'], text);
          const received = backend.requests();
          assert.deepEqual(
            received.map((r) => `${r.method} ${r.target}`),
            expected,
          );
          assert.ok(c.check?.(received) ?? true, JSON.stringify(received));
        }));
    }
  }
}

test('the engines differ in these cases only', () => {
  const exempt = REQUESTS.flatMap(({ what, except = {} }) => Object.keys(except).map((engine) => `${engine}: ${what}`));
  assert.deepEqual(exempt, [
    'node-http: a method that no one knows',
    'node-http: a method in lower case, which is another one',
    'node-http: Content-Length: 5 in trailers, where it means nothing, which is dropped',
    'node-http: Transfer-Encoding: chunked in trailers, where it means nothing, which is dropped',
  ]);
});
