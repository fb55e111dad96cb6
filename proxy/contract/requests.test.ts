/** From client to backend: what goes upstream is whole and unambiguous, everything else is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { talk } from './test-hostile.ts';
import { OK, PAIRS, stage } from './test-pairs.ts';
import { REQUESTS } from './test-requests.ts';
import { readResponses } from './test-strict.ts';

for (const pair of PAIRS) {
  for (const c of REQUESTS) {
    test(`${pair.name}: ${c.what}: ${c.gets.join(', ')}`, () =>
      stage(pair, OK, {}, async ({ proxy, backend }) => {
        const { text, ended } = await talk(proxy.port, { send: c.send });
        const methods = typeof c.send === 'string' && c.send.startsWith('HEAD') ? ['HEAD'] : [];
        const { messages, rest } = readResponses(text, methods, true);
        assert.deepEqual([messages.map((m) => m.status), rest, ended], [c.gets, '', 'closed'], text);
        const seen = backend.requests();
        assert.deepEqual(
          seen.map((r) => `${r.method} ${r.target}`),
          c.seen,
        );
        assert.ok(c.check?.(seen) ?? true, JSON.stringify(seen));
      }));
  }
}
