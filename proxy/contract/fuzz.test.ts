/** Bytes that are nearly HTTP, from both sides. README.md says how to run it for longer and how to repeat a run. */
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { fuzz, fuzzStage, requests, responses, tryRequest, tryResponse } from './test-fuzz.ts';
import { PAIRS, servesOn } from './test-engines.ts';
import type { Pair, Stage } from './test-engines.ts';
import { REGRESSIONS } from './test-regressions.ts';

async function on(pair: Pair, run: (s: Stage) => Promise<void>): Promise<void> {
  const s = await fuzzStage(pair);
  try {
    await run(s);
    await servesOn(s);
  } finally {
    await s.proxy.close();
    await s.backend.close();
  }
}

for (const pair of PAIRS) {
  describe(`${pair.name}: whatever`, () => {
    test('a client sends', () => on(pair, (s) => fuzz(fc.asyncProperty(requests, (send) => tryRequest(s, send)))));

    test('a backend answers', () =>
      on(pair, (s) =>
        fuzz(fc.asyncProperty(responses, fc.constantFrom('end', 'end', 'keep'), (send, then) => tryResponse(s, send, then))),
      ));
  });

  for (const { what, from, send, then = 'keep' } of REGRESSIONS) {
    test(`${pair.name}: found before: ${what}`, () =>
      on(pair, (s) => (from === 'client' ? tryRequest(s, send) : tryResponse(s, send, then))));
  }
}
