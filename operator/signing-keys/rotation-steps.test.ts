import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ROTATE_ANNOTATION } from '../api/labels.ts';
import { nextRotationStep, type KeySecret, type RotationFacts } from './rotation-steps.ts';
import { createSigner, generateKey } from './signer.ts';

const [A, B] = [generateKey(), generateKey()];
const [a, b, other] = [A, B, generateKey()].map((pem) => createSigner(pem).publicKey) as [string, string, string];
const ASKED = { [ROTATE_ANNOTATION]: 'now', keep: 'me' };
const READY: RotationFacts = { overlapped: true, proxiesMissingKey: () => [], makeKey: () => B };
const secret = (data: Record<string, string>, annotations: Record<string, string> = ASKED): KeySecret => ({ annotations, data });
const file = (...keys: string[]): string => keys.map((key) => `${key}\n`).join('');

test('without the annotation, nothing happens', () => {
  assert.deepEqual(nextRotationStep(secret({ 'key.pem': A, keys: file(a) }, { keep: 'me' }), READY), { kind: 'idle' });
  assert.deepEqual(nextRotationStep(secret({ 'key.pem': A, keys: file(a) }, { [ROTATE_ANNOTATION]: '' }), READY), {
    kind: 'idle',
  });
});

test('announce, wait for proxies and for files, retire, idle', () => {
  const first = nextRotationStep(secret({ 'key.pem': A, keys: file(other, a), more: 'x' }), READY);
  const announced = { 'key.pem': A, 'next.pem': B, keys: file(other, a, b), more: 'x' };
  assert.deepEqual(first, { kind: 'announce', publicKey: b, annotations: ASKED, data: announced });
  const proxiesMissingKey = (key: string): string[] => (key === b ? ['outrigger/p1'] : []);
  assert.deepEqual(nextRotationStep(secret(announced), { ...READY, proxiesMissingKey }), {
    kind: 'proxies',
    names: ['outrigger/p1'],
  });
  assert.deepEqual(nextRotationStep(secret(announced), { ...READY, overlapped: false }), { kind: 'overlap' });
  const last = nextRotationStep(secret(announced), READY);
  const retired = { 'key.pem': B, keys: file(other, b), more: 'x' };
  assert.deepEqual(last, { kind: 'retire', publicKey: b, annotations: { keep: 'me' }, data: retired });
  assert.deepEqual(nextRotationStep(secret(retired, { keep: 'me' }), READY), { kind: 'idle' });
});

test('a key that the user put into next.pem is announced and rotated in the same way', () => {
  const makeKey = (): string => assert.fail('there is one already');
  const brought = { 'key.pem': A, 'next.pem': B, keys: file(a) };
  const first = nextRotationStep(secret(brought, {}), { ...READY, makeKey });
  assert.deepEqual(first, { kind: 'announce', publicKey: b, annotations: {}, data: { ...brought, keys: file(a, b) } });
  assert.equal(nextRotationStep(secret({ ...brought, keys: file(a, b) }, {}), READY).kind, 'retire');
});

test('a Secret that cannot be used is an error, and is never overwritten', () => {
  for (const data of [
    { 'key.pem': A, 'next.pem': 'x', keys: file(a) },
    { 'key.pem': A, 'next.pem': A, keys: file(a) },
    { 'key.pem': A, keys: file(b) },
  ]) {
    assert.throws(() => nextRotationStep(secret(data), READY), /outrigger-signing-key|signing key/);
  }
});
