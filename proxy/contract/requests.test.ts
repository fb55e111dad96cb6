/** From client to backend: what goes upstream is whole and unambiguous, everything else is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SPACED } from './test-chunk-extensions.ts';
import { OK, PAIRS, stage, UPSTREAMS } from './test-engines.ts';
import { talk } from './test-hostile.ts';
import { REQUESTS } from './test-requests.ts';
import type { Exemption } from './test-request-case.ts';
import { readResponses } from './test-strict.ts';

/** Closes the connections that stay open after the client has left. */
const IDLE = { limits: { keepAliveTimeout: 300 } };

type Outcome = Omit<Exemption, 'why'>;

for (const downstream of new Set(PAIRS.map((pair) => pair.downstream))) {
  for (const upstream of UPSTREAMS) {
    for (const c of REQUESTS) {
      const { gets, received: expected, staysOpen = false }: Outcome = c.except?.[downstream.name] ?? c;
      test(`${downstream.name} + ${upstream.name}: ${c.what}: ${gets.join(', ')}`, () =>
        stage({ upstream, downstream }, OK, staysOpen ? IDLE : {}, async ({ proxy, backend }) => {
          const { text, ended } = await talk(proxy.port, { send: c.send, ...(staysOpen && { silence: 100 }) });
          const methods = typeof c.send === 'string' && c.send.startsWith('HEAD') ? ['HEAD'] : [];
          const { messages, rest } = readResponses(text, methods, true);
          assert.deepEqual([messages.map((m) => m.status), rest, ended], [gets, '', staysOpen ? 'open' : 'closed'], text);
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
    'node-http: a bare CR before the request line',
    'node-http: a bare LF before the request line',
    'node-http: CR CR LF before the request line',
    'node-http: a method that no one knows',
    'node-http: a method in lower case, which is another one',
    'node-http: any token as a method, with a body',
    'node-http: Content-Length: 5 in trailers, where it means nothing, which is dropped',
    'node-http: Transfer-Encoding: chunked in trailers, where it means nothing, which is dropped',
    ...SPACED.map(([where]) => `node-http: ${where}`),
    'node-http: pipelined: a bare CR before a request after a good one',
    'node-http: pipelined: a request after one with Connection: close in its trailers, where it means nothing',
    'node-http: pipelined: a request after one with Content-Length: 5 in its trailers, where it means nothing',
    'node-http: pipelined: a request after one with Transfer-Encoding: chunked in its trailers, where it means nothing',
  ]);
});
