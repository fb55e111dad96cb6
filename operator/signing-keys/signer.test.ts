import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { importPublicKey, verifyToken } from '../../proxy/snapshot/token.ts';
import { createSigner, generateKey } from './signer.ts';

const NOW = 1_795_305_600;
const claims = { aud: 'pod-1', htm: 'PUT', htu: '/v1/snapshot', epoch: 7, seq: 3, zone: 'a', bsha: 'ab'.repeat(32) };

test('the proxy verifies a token of the signer, and reads the same claims', async () => {
  const signer = createSigner(generateKey());
  const key = importPublicKey(signer.publicKey);
  assert.ok(key);
  const rules = { keys: [key], audience: 'pod-1', method: 'PUT', path: '/v1/snapshot', nowSeconds: NOW + 20 };
  const verdict = verifyToken(await signer.sign(claims, NOW), rules);
  assert.deepEqual(verdict, { ok: true, claims: { ...claims, iss: 'outrigger-operator', iat: NOW, exp: NOW + 30 } });
  const other = importPublicKey(createSigner(generateKey()).publicKey);
  assert.ok(other);
  assert.deepEqual(verifyToken(await signer.sign(claims, NOW), { ...rules, keys: [other] }), {
    ok: false,
    reason: 'unknown-key',
  });
});

test('a key of another kind, or text that is not a key, is refused without being quoted', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'pem', type: 'pkcs8' });
  for (const bad of [String(rsa), '', 'secret'])
    assert.throws(() => createSigner(bad), { message: 'the signing key is not an Ed25519 private key in PKCS#8 PEM' });
});
