/** From backend to client: a response is whole, or the client can see that it is not; none of it reaches the next request. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../testing.ts';
import { DOWNSTREAMS, PAIRS, servesOn, stage } from './test-engines.ts';
import { RESPONSES } from './test-responses.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

for (const upstream of new Set(PAIRS.map((pair) => pair.upstream))) {
  for (const downstream of DOWNSTREAMS) {
    for (const c of RESPONSES) {
      if (downstream.inMemory && c.bytesOnly !== undefined) continue;
      const { what, request = GET, cut = false } = c;
      const { gets } = c.except?.[downstream.name] ?? c;
      test(`${downstream.name} + ${upstream.name}: ${what}: ${gets.join(', ')}${cut ? ' cut' : ''}`, () =>
        stage({ upstream, downstream }, c, {}, async ({ proxy, backend }) => {
          const got = await downstream.ask(proxy, request);
          assert.deepEqual([got.messages.map((m) => m.status), got.cut], [gets, cut], got.text);
          assert.ok(c.check?.(got.messages) ?? true, got.text);
          // Bytes that arrive late must have arrived.
          if (!c.reused) await eventually(() => backend.open() === 0);
          const before = backend.connections;
          await servesOn({ proxy, backend }, downstream);
          assert.equal(backend.connections === before, c.reused, 'connection reused');
        }));
    }
  }
}

test('only cases about bytes on the client’s connection are left out for the client in memory', () => {
  const reasons = new Set(RESPONSES.flatMap(({ bytesOnly }) => bytesOnly ?? []));
  assert.deepEqual([...reasons], ['framing of HTTP/1.0']);
});
