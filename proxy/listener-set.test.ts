import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Listener } from './downstream/listener.ts';
import { ListenerSet } from './listener-set.ts';

const refusing = (code: string) =>
  ({ open: () => Promise.reject(Object.assign(new Error('listen'), { code })) }) as unknown as Listener;

for (const [code, why] of [
  ['EADDRINUSE', 'is in use on this proxy by another process'],
  ['EACCES', 'may not be bound by this proxy'],
  ['EMFILE', 'could not be bound: EMFILE'],
] as const) {
  test(`${code}: the failure names the port of the policy, and the one that was to be bound`, async () => {
    const listeners = new ListenerSet(() => refusing(code));
    await listeners.replace([80, 8080].map((port) => ({ port, protocol: 'HTTP', routes: [] })));
    await listeners.open();
    assert.equal(listeners.failure(80), `port 80 (bound as 10080) ${why}`);
    assert.equal(listeners.failure(8080), `port 8080 ${why}`);
  });
}
