import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ROTATE_ANNOTATION } from '../api/labels.ts';
import { ApiError } from '../kube/api-error.ts';
import { fakeClock } from '../util/testing.ts';
import { createRotationController, type ObservedSecret } from './rotation-controller.ts';
import type { SigningKeys } from './key-secret.ts';
import type { KeySecret } from './rotation-steps.ts';
import { createSigner, generateKey } from './signer.ts';

const OVERLAP = 300_000;
const A = generateKey();
const a = createSigner(A).publicKey;

/** One Secret and its replicas, each with a fleet that only records. */
function setup(replicas = 1) {
  const clock = fakeClock();
  const state = { missing: [] as string[], leader: 0, error: undefined as Error | undefined, version: 1, writes: 0 };
  let secret: ObservedSecret;
  const make = (next: KeySecret): ObservedSecret => {
    const metadata = { name: 'outrigger-signing-key', uid: 'u', resourceVersion: String(state.version++), creationTimestamp: '' };
    return (secret = { ...next, object: { metadata } });
  };
  const all = Array.from({ length: replicas }, (_, i) => {
    const trusted: SigningKeys[] = [];
    const reported: string[] = [];
    const failures: string[] = [];
    const controller = createRotationController({
      distribution: { setKeys: (keys) => trusted.push(keys), proxiesMissingKey: () => state.missing },
      replace: async ({ object }, next) => {
        if (state.error) throw state.error;
        if (object.metadata.resourceVersion !== secret.object.metadata.resourceVersion) return false;
        state.writes += 1;
        make(next);
        return true;
      },
      leading: () => state.leader === i,
      overlap: OVERLAP,
      progress: (text, details) => reported.push(`${text} ${JSON.stringify(details)}`),
      failed: (error) => failures.push(error.message),
      clock,
    });
    return { controller, trusted, reported, failures };
  });
  /** As the watch would. */
  const notify = (): void => all.forEach(({ controller }) => controller.observe(secret));
  const put = (next: KeySecret): void => {
    make(next);
    notify();
  };
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { clock, state, all, put, notify, settle, now: () => secret };
}

const annotated = (annotations: Record<string, string> = { [ROTATE_ANNOTATION]: 'now' }): KeySecret => ({
  annotations,
  data: { 'key.pem': A, keys: `${a}\n` },
});

test('from the annotation to the new key: announced at once, retired when all trust it and the overlap is over', async () => {
  const { clock, state, all, put, notify, settle, now } = setup();
  const [one] = all;
  put(annotated());
  await settle();
  assert.equal(state.writes, 1);
  state.missing = ['outrigger/p1'];
  notify();
  const successor = one?.trusted.at(-1)?.successor?.publicKey ?? '';
  assert.deepEqual(one?.trusted.at(-1)?.trustedKeys, [a, successor]);
  clock.advance(2 * OVERLAP);
  await settle();
  assert.equal(state.writes, 1, 'a proxy does not trust it yet');
  state.missing = [];
  one?.controller.reconcile();
  await settle();
  assert.equal(state.writes, 2);
  notify();
  assert.deepEqual(one?.trusted.at(-1)?.trustedKeys, [successor]);
  assert.equal(one?.trusted.at(-1)?.signer.publicKey, successor);
  assert.deepEqual([Object.keys(now().data), now().annotations], [['key.pem', 'keys'], {}]);
  clock.advance(2 * OVERLAP);
  await settle();
  assert.equal(state.writes, 2);
  assert.match(one?.reported.join('\n') ?? '', /announced[^]*waiting for proxies to trust.*outrigger\/p1[^]*retired/);
  assert.equal(one?.reported.length, 3, 'each thing is reported once');
  assert.ok(!one?.reported.join().includes('PRIVATE'));
});

test('both keys stay for the whole overlap, however soon the proxies trust the new one', async () => {
  const { clock, state, put, notify, settle } = setup();
  put(annotated());
  await settle();
  notify();
  clock.advance(OVERLAP - 1000);
  await settle();
  assert.equal(state.writes, 1);
  clock.advance(2000);
  await settle();
  assert.equal(state.writes, 2);
});

test('replicas agree: only the leader writes, and the next leader continues from the Secret', async () => {
  const { clock, state, all, put, notify, settle } = setup(2);
  const [one, two] = all;
  state.leader = -1;
  put(annotated());
  await settle();
  assert.equal(state.writes, 0);
  state.leader = 0;
  one?.controller.reconcile();
  await settle();
  notify();
  state.leader = 1;
  two?.controller.reconcile();
  clock.advance(OVERLAP + 1000);
  await settle();
  notify();
  assert.equal(state.writes, 2);
  assert.deepEqual(one?.trusted.at(-1)?.trustedKeys, two?.trusted.at(-1)?.trustedKeys);
  assert.equal(one?.trusted.at(-1)?.signer.publicKey, two?.trusted.at(-1)?.signer.publicKey);
  assert.notEqual(one?.trusted.at(-1)?.signer.publicKey, a);
});

test('two that believe they lead make one successor', async () => {
  const { state, all, put, notify, settle } = setup(2);
  state.leader = -1;
  put(annotated());
  for (const [i, { controller }] of all.entries()) {
    state.leader = i;
    controller.reconcile();
  }
  await settle();
  notify();
  assert.equal(state.writes, 1);
  assert.deepEqual(all[0]?.trusted.at(-1)?.trustedKeys, all[1]?.trusted.at(-1)?.trustedKeys);
  assert.deepEqual([all[0]?.failures, all[1]?.failures], [[], []]);
});

test('a failed write is tried again, not at once; a Secret that cannot be used changes nothing', async () => {
  const { clock, state, all, put, settle } = setup();
  const [one] = all;
  state.error = new ApiError(403, 'Forbidden', 'may not');
  put(annotated());
  await settle();
  assert.deepEqual(one?.failures, ['403 Forbidden: may not']);
  state.error = undefined;
  clock.advance(1000);
  await settle();
  assert.equal(state.writes, 0);
  clock.advance(10_000);
  await settle();
  assert.equal(state.writes, 1);
  const before = one?.trusted.length;
  put({ annotations: {}, data: { 'key.pem': 'x', keys: 'y' } });
  await settle();
  assert.equal(one?.trusted.length, before);
  assert.equal(one?.failures.length, 2);
  one?.controller.stop();
  put(annotated());
  await settle();
  assert.equal(state.writes, 1);
});
