/** From backend to client: a response is whole, or the client sees that it is not; nothing of it is left for the next request. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../testing.ts';
import { talk } from './test-hostile.ts';
import { PAIRS, servesOn, stage } from './test-pairs.ts';
import { RESPONSES } from './test-responses.ts';
import { readResponses } from './test-strict.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

for (const pair of PAIRS) {
  for (const c of RESPONSES) {
    const { what, request = GET, gets, cut = false } = c;
    test(`${pair.name}: ${what}: ${gets.join(', ')}${cut ? ' cut' : ''}`, () =>
      stage(pair, c, {}, async ({ proxy, backend }) => {
        const { text, ended } = await talk(proxy.port, { send: request });
        const { messages, rest } = readResponses(text, [request.slice(0, request.indexOf(' '))], ended === 'closed');
        assert.deepEqual([messages.map((m) => m.status), rest !== ''], [gets, cut], text);
        assert.ok(cut || ended === 'closed');
        assert.ok(c.check?.(messages) ?? true, text);
        // What comes late must have come.
        if (!c.reused) await eventually(() => backend.open() === 0);
        const before = backend.connections;
        await servesOn({ proxy, backend });
        assert.equal(backend.connections === before, c.reused, 'used again');
      }));
  }
}
