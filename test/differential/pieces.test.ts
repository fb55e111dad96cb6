/** How bytes are cut into pieces changes nothing: every request again, each of its bytes in a piece of its own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareRequests, forwarded } from './compare.ts';
import { REQUESTS } from './requests.ts';
import { OWN, runBefore } from './run-cases.ts';

/** Longer ones would take long, and say the same. */
const MAX_BYTES = 1000;
const CASES = REQUESTS.flatMap(({ what, send, rest }) =>
  typeof send === 'string' && send.length <= MAX_BYTES && rest === undefined ? [{ what, send }] : [],
);
const whole = runBefore(
  CASES.map(({ what, send }) => ({ what, client: { send } })),
  OWN,
);
const apart = runBefore(
  CASES.map(({ what, send }) => ({ what, client: { send: [...send] } })),
  OWN,
);

for (const own of OWN) {
  test(`${own}: the same in single bytes`, () => {
    for (const { what, send } of CASES) {
      assert.deepEqual(compareRequests(send, whole(own, what), apart(own, what)), [], what);
      assert.deepEqual(
        forwarded(apart(own, what)).map(({ start }) => start),
        forwarded(whole(own, what)).map(({ start }) => start),
      );
    }
  });
}
