/** From backend to client: a response is whole, or the client can see that it is not; none of it reaches the next request. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../testing.ts';
import { SPACED } from './test-chunk-extensions.ts';
import { DOWNSTREAMS, PAIRS, servesOn, stage } from './test-engines.ts';
import { RESPONSES } from './test-responses.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

for (const upstream of new Set(PAIRS.map((pair) => pair.upstream))) {
  for (const downstream of DOWNSTREAMS) {
    for (const c of RESPONSES) {
      if (downstream.inMemory && c.bytesOnly !== undefined) continue;
      const { what, request = GET } = c;
      const exempt = c.except?.[upstream.name] ?? c.except?.[downstream.name];
      const { gets, cut = false, reused } = exempt ?? c;
      test(`${downstream.name} + ${upstream.name}: ${what}: ${gets.join(', ')}${cut ? ' cut' : ''}`, () =>
        stage({ upstream, downstream }, c, {}, async ({ proxy, backend }) => {
          const got = await downstream.ask(proxy, request);
          assert.deepEqual([got.messages.map((m) => m.status), got.cut], [gets, cut], got.text);
          assert.ok(exempt !== undefined || (c.check?.(got.messages) ?? true), got.text);
          // Bytes that arrive late must have arrived.
          if (!reused) await eventually(() => backend.open() === 0);
          const before = backend.connections;
          await servesOn({ proxy, backend }, downstream);
          assert.equal(backend.connections === before, reused, 'connection reused');
        }));
    }
  }
}

test('the engines differ in these cases only', () => {
  const exempt = RESPONSES.flatMap(({ what, except = {} }) => Object.keys(except).map((engine) => `${engine}: ${what}`));
  assert.deepEqual(exempt, [
    'http-proxy: a bare CR before the status line',
    'http-proxy: an empty line before the status line',
    ...SPACED.map(([where]) => `http-proxy: ${where}`),
    'node-http: 103 with a malformed Link',
    'node-http: interim responses of every kind, of which 100 is not forwarded',
    'http-proxy: Content-Length: 5 in trailers, where it means nothing, which is dropped',
  ]);
});

test('only cases about bytes on the client’s connection are left out for the client in memory', () => {
  const reasons = new Set(RESPONSES.flatMap(({ bytesOnly }) => bytesOnly ?? []));
  assert.deepEqual([...reasons], ['framing of HTTP/1.0']);
});
