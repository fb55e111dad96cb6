/**
 * Cookies of two policies with one name, from the side of a browser that visits both under one host: which ones replace each other. The
 * operator reports those (CookieConflict), and no others.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endpoint, get, httpBackend, opener } from '../testing.ts';
import type { ProxySpec, TestProxy } from '../testing.ts';

const { start, track } = opener();

/** A proxy, on a port of its own, with one policy and one endpoint. */
async function policy(spec: Partial<ProxySpec>): Promise<TestProxy> {
  const { port } = track(await httpBackend((_req, res) => res.end()));
  return start({ endpoints: [endpoint(port)], ...spec });
}
const session = (policyUid: string): Partial<ProxySpec> => ({
  route: { sessionPersistence: { policyUid, name: 'sid', ttl: 0, sameSite: 'Lax' } },
});
const hash: Partial<ProxySpec> = {
  part: {
    loadBalancer: {
      type: 'ConsistentHash',
      consistentHash: { algorithm: 'Rendezvous', hashOn: { type: 'Cookie', name: 'sid', ttl: 0 } },
    },
  },
};

/** Visits the two in turn, and returns whether each visit replaced the cookie, or set it first. */
async function visits(one: Partial<ProxySpec>, other: Partial<ProxySpec>): Promise<boolean[]> {
  const proxies = [await policy(one), await policy(other)];
  let cookie = '';
  const replaced: boolean[] = [];
  for (const { port } of [...proxies, ...proxies, ...proxies]) {
    const answer = await get(port, '/', cookie && `Cookie: ${cookie}\r\n`);
    const set = /^set-cookie: (sid=[^;]*)/im.exec(answer)?.[1];
    replaced.push(set !== undefined);
    cookie = set ?? cookie;
  }
  return replaced;
}

test('two session cookies replace each other at every request', async () => {
  assert.deepEqual(await visits(session('a'), session('b')), [true, true, true, true, true, true]);
});

test('a session cookie replaces the one that another policy hashes on', async () => {
  assert.deepEqual(await visits(hash, session('a')), [true, true, false, false, false, false]);
});

test('policies that hash on one cookie share it', async () => {
  assert.deepEqual(await visits(hash, hash), [true, false, false, false, false, false]);
});
