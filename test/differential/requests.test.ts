/** The same requests to this proxy, HAProxy and nginx: what reaches the backend, and what the client is answered. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { REQUESTS as CONTRACT } from '../../proxy/contract/test-requests.ts';
import { readRequests as readStrictly } from '../../proxy/contract/test-strict.ts';
import { compareRequests, forwarded } from './compare.ts';
import { holdAgainst } from './differences.ts';
import { readResponses } from './plain-reader.ts';
import { REQUEST_DIFFERENCES } from './request-differences.ts';
import { NOT_COMPARED, REQUESTS } from './requests.ts';
import { OWN, PEERS, runBefore, skipWithout } from './run-cases.ts';

const resultOf = runBefore(REQUESTS.map(({ what, ...client }) => ({ what, client })));

test('there are enough cases, and each has a name of its own', () => {
  assert.ok(REQUESTS.length >= 300, String(REQUESTS.length));
  assert.equal(new Set(REQUESTS.map(({ what }) => what)).size, REQUESTS.length);
});

test('each case that is left out is one of the contract suite', () => {
  const known = new Set(CONTRACT.map(({ what }) => what));
  assert.deepEqual(
    [...NOT_COMPARED].filter((what) => !known.has(what)),
    [],
  );
});

for (const own of OWN) {
  test(`${own}: whatever is forwarded can be read in one way only`, () => {
    for (const { what } of REQUESTS) {
      const result = resultOf(own, what);
      const strictly = result.received.flatMap((text) => readStrictly(text).messages);
      const plainly = forwarded(result);
      assert.deepEqual(
        strictly.map(({ start, body }) => [start, body]),
        plainly.map(({ start, body }) => [start, body]),
        what,
      );
    }
  });

  test(`${own}: as many answers as requests, each in its place`, () => {
    for (const { what, send } of REQUESTS) {
      const result = resultOf(own, what);
      const methods = String(send).startsWith('HEAD') ? ['HEAD'] : [];
      const { messages, rest } = readResponses(result.text, methods, true);
      const statuses = messages.map(({ status }) => status).filter((status) => status >= 200);
      const fromBackend = forwarded(result).map(() => 200);
      // The proxy's own answer is the last one: after it, the connection ends.
      const last = statuses.length > fromBackend.length ? statuses.slice(-1) : [];
      assert.deepEqual([statuses, rest], [[...fromBackend, ...last], ''], what);
      assert.ok(statuses.length > 0, what);
    }
  });

  test(`${own}: never more requests than HAProxy and nginx both see`, { skip: skipWithout('haproxy', 'nginx') }, () => {
    for (const { what } of REQUESTS) {
      const [ours, ...others] = ([own, 'haproxy', 'nginx'] as const).map((name) => forwarded(resultOf(name, what)).length);
      assert.ok((ours as number) <= Math.max(...others), `${what}: ${ours}, others ${others.join(' and ')}`);
    }
  });
}

for (const peer of PEERS) {
  test(`${peer}: differs as listed, and in nothing else`, { skip: skipWithout(peer) }, () => {
    const found = new Map(
      REQUESTS.map(({ what, send }) => [what, compareRequests(send, resultOf('http1', what), resultOf(peer, what))]),
    );
    assert.deepEqual(holdAgainst(REQUEST_DIFFERENCES, peer, found), { unlisted: [], gone: [] });
  });
}
