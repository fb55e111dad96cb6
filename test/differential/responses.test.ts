/** The same responses of a backend through this proxy, HAProxy and nginx: what the client receives. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { get } from '../../proxy/contract/test-request-case.ts';
import { RESPONSES as CONTRACT } from '../../proxy/contract/test-responses.ts';
import { readResponses as readStrictly } from '../../proxy/contract/test-strict.ts';
import { compareResponses } from './compare.ts';
import type { OwnName } from './contenders.ts';
import { holdAgainst } from './differences.ts';
import type { PeerName } from './differences.ts';
import { readResponses } from './plain-reader.ts';
import { RESPONSE_DIFFERENCES } from './response-differences.ts';
import { NOT_COMPARED, RESPONSES } from './responses.ts';
import { OWN, PEERS, runBefore, skipWithout } from './run-cases.ts';

const CASES = RESPONSES.map(({ what, request = get(''), ...answer }) => {
  const [method = ''] = request.split(' ');
  return { what, method, client: { send: request }, answer };
});
const ALL_OWN: readonly OwnName[] = [...OWN, 'http-proxy'];
const ALL_PEERS: readonly PeerName[] = ['http-proxy', ...PEERS];
const resultOf = runBefore(CASES, ['http1', ...ALL_PEERS]);

test('there are enough cases, and each has a name of its own', () => {
  assert.ok(CASES.length >= 150, String(CASES.length));
  assert.equal(new Set(CASES.map(({ what }) => what)).size, CASES.length);
});

test('each case that is left out is one of the contract suite', () => {
  const known = new Set(CONTRACT.map(({ what }) => what));
  assert.deepEqual(
    [...NOT_COMPARED].filter((what) => !known.has(what)),
    [],
  );
});

for (const own of ALL_OWN) {
  test(`${own}: one final response, which can be read in one way only`, () => {
    for (const { what, method } of CASES) {
      const { text, ended } = resultOf(own, what);
      const strictly = readStrictly(text, [method], ended === 'closed');
      const plainly = readResponses(text, [method], ended === 'closed');
      assert.deepEqual(
        strictly.messages.map(({ start, body }) => [start, body]),
        plainly.messages.map(({ start, body }) => [start, body]),
        what,
      );
      const final = plainly.messages.filter(({ status }) => status >= 200).length;
      assert.equal(final + (plainly.rest === '' ? 0 : 1), 1, `${what}: ${JSON.stringify(text)}`);
    }
  });
}

for (const peer of ALL_PEERS) {
  test(`${peer}: differs as listed, and in nothing else`, { skip: skipWithout(peer) }, () => {
    const found = new Map(
      CASES.map(({ what, method }) => [what, compareResponses(method, resultOf('http1', what), resultOf(peer, what))]),
    );
    assert.deepEqual(holdAgainst(RESPONSE_DIFFERENCES, peer, found), { unlisted: [], gone: [] });
  });
}
