import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { claims, signToken, testKey } from './testing.ts';
import { importPublicKey, verifyToken } from './token.ts';
import type { TokenRules, TokenVerdict } from './token.ts';

const NOW = 1_795_305_600;
const key = testKey();
const stranger = testKey();
const good = claims('pod-1', 'body', { epoch: 7, sequence: 3 }, NOW);
const rules: TokenRules = {
  keys: [importPublicKey(stranger.publicKey), importPublicKey(key.publicKey)].filter((imported) => imported !== undefined),
  audience: 'pod-1',
  method: 'PUT',
  path: '/v1/snapshot',
  nowSeconds: NOW,
};

function reason(verdict: TokenVerdict): string {
  return verdict.ok ? 'ok' : verdict.reason;
}
const judge = (payload: object, over: Partial<TokenRules> = {}): string =>
  reason(verifyToken(signToken(key, payload), { ...rules, ...over }));

test('a valid token returns its claims', () => {
  assert.deepEqual(verifyToken(signToken(key, good), rules), { ok: true, claims: good });
});

test('the token must be for this pod, method and path', () => {
  assert.equal(judge(good, { audience: 'pod-2' }), 'wrong-audience');
  assert.equal(judge(good, { method: 'GET' }), 'wrong-request');
  assert.equal(judge(good, { path: '/v1/status' }), 'wrong-request');
});

test('clocks may differ by 60 s and no more', () => {
  assert.equal(judge(good, { nowSeconds: NOW + 89 }), 'ok');
  assert.equal(judge(good, { nowSeconds: NOW + 90 }), 'expired');
  assert.equal(judge(good, { nowSeconds: NOW - 60 }), 'ok');
  assert.equal(judge(good, { nowSeconds: NOW - 61 }), 'not-yet-valid');
});

test('a token is valid for 30 s at most', () => {
  assert.equal(judge({ ...good, exp: NOW + 31 }), 'wrong-claims');
  assert.equal(judge({ ...good, exp: NOW }), 'wrong-claims');
});

test('every claim is required and typed', () => {
  for (const name of Object.keys(good)) {
    assert.equal(judge({ ...good, [name]: undefined }), 'wrong-claims', `without ${name}`);
    assert.equal(judge({ ...good, [name]: ['x'] }), 'wrong-claims', `${name} as a list`);
  }
  assert.equal(judge({ ...good, iss: 'another-issuer' }), 'wrong-claims');
  assert.equal(judge({ ...good, bsha: 'AB' }), 'wrong-claims');
  assert.equal(judge({ ...good, epoch: -1 }), 'wrong-claims');
});

test('the node may be absent, as older operators sign; claims of newer operators are ignored', () => {
  const signed = { ...good, node: 'n1', later: { than: 'this proxy' } };
  assert.deepEqual(verifyToken(signToken(key, signed), rules), { ok: true, claims: signed });
  for (const node of [7, null, ['n1'], 'n'.repeat(254)]) assert.equal(judge({ ...good, node }), 'wrong-claims');
});

test('only trusted keys are accepted', () => {
  assert.equal(reason(verifyToken(signToken(testKey(), good), rules)), 'unknown-key');
  assert.equal(judge(good, { keys: [] }), 'unknown-key');
});

test('another algorithm, type or extension is refused', () => {
  for (const header of [
    { alg: 'none', typ: 'JWT' },
    { alg: 'HS256', typ: 'JWT' },
    { alg: 'EdDSA' },
    { alg: 'EdDSA', typ: 'JWT', crit: ['b64'] },
  ])
    assert.equal(reason(verifyToken(signToken(key, good, header), rules)), 'wrong-algorithm');
});

test('anything but a compact token is refused', () => {
  const token = signToken(key, good);
  const [head, body, signature] = token.split('.') as [string, string, string];
  for (const bad of [
    '',
    'a',
    '..',
    `${token}.x`,
    `${head}.${body}`,
    `${token}=`,
    ` ${token}`,
    `${head}.${body}.${signature}\n`,
    'a'.repeat(9000),
  ])
    assert.equal(reason(verifyToken(bad, rules)), 'malformed', bad.slice(0, 20));
  assert.equal(reason(verifyToken(`${head}.${body}.AAAA`, rules)), 'unknown-key');
});

test('any change to a token invalidates it', () => {
  const token = signToken(key, good);
  fc.assert(
    fc.property(fc.nat(token.length - 1), fc.constantFrom(...'AQgw09-_.=x'), (at, char) => {
      fc.pre(token[at] !== char);
      assert.equal(verifyToken(token.slice(0, at) + char + token.slice(at + 1), rules).ok, false);
    }),
  );
});

test('verification never throws, whatever the token or its claims', () => {
  fc.assert(
    fc.property(fc.string(), fc.jsonValue({ maxDepth: 2 }), (text, value) => {
      assert.equal(verifyToken(text, rules).ok, false);
      assert.equal(judge({ value }), 'wrong-claims');
      assert.equal(verifyToken(signToken(key, good, { value }), rules).ok, false);
    }),
  );
});

test('claims signed with a trusted key are valid only if every rule holds', () => {
  const near = fc.oneof(
    fc.integer({ min: -200, max: 200 }).map((d) => NOW + d),
    fc.constantFrom(0, -1, 0.5, 2 ** 53, 1e308),
  );
  const odd = fc.oneof(
    fc.constantFrom('PUT', 'put', '/v1/snapshot', '/v1/snapshot?', 'pod-1', 'outrigger-operator', ''),
    fc.string(),
  );
  const any = fc.oneof(odd, near, fc.constantFrom(null, [], {}));
  const over = fc.record(
    {
      iss: any,
      aud: any,
      iat: near,
      exp: near,
      htm: any,
      htu: any,
      epoch: any,
      seq: any,
      zone: any,
      node: any,
      bsha: any,
      crit: any,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(over, (changed) => {
      const { iss, aud, iat, exp, htm, htu } = { ...good, ...changed } as typeof good;
      if (judge({ ...good, ...changed }) !== 'ok') return;
      assert.deepEqual([iss, aud, htm, htu], ['outrigger-operator', 'pod-1', 'PUT', '/v1/snapshot']);
      assert.ok(exp > iat && exp - iat <= 30 && NOW < exp + 60 && NOW >= iat - 60);
    }),
    { numRuns: 500 },
  );
});

test('almost valid tokens never make verification throw, and are never valid', () => {
  const token = signToken(key, good);
  const change = fc.tuple(fc.nat(token.length), fc.nat(5), fc.string({ unit: 'binary', maxLength: 4 }));
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
      const text = changes.reduce((now, [at, gone, put]) => now.slice(0, at) + put + now.slice(at + gone), token);
      fc.pre(text !== token);
      assert.equal(verifyToken(text, rules).ok, false);
    }),
    { numRuns: 500 },
  );
});

test('a public key is 32 bytes in base64url with one spelling', () => {
  assert.ok(importPublicKey(key.publicKey));
  for (const bad of ['', 'AAAA', `${key.publicKey}=`, `${key.publicKey.slice(0, 42)}B`, `${key.publicKey.slice(0, 42)}!`])
    assert.equal(importPublicKey(bad), undefined, bad);
});
