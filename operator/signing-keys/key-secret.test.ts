import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ensureSigningKeys, SIGNING_SECRET } from './key-secret.ts';
import type { SecretStore } from '../kube/secret-store.ts';
import { createSigner, generateKey } from './signer.ts';

type Data = Readonly<Record<string, string>>;

/** Secrets in memory; `late` appears between the first read and the create. */
function store(late?: Data): Pick<SecretStore, 'read' | 'create'> & { readonly secrets: Map<string, Data> } {
  const secrets = new Map<string, Data>();
  return {
    secrets,
    read: async (name) => {
      const data = secrets.get(name);
      return data && { object: { metadata: { name, uid: 'u', resourceVersion: '1', creationTimestamp: '' } }, data };
    },
    create: async (name, data) => {
      if (late) secrets.set(name, late);
      if (secrets.has(name)) return false;
      secrets.set(name, data);
      return true;
    },
  };
}

function secret(...others: readonly string[]): Data {
  const pem = generateKey();
  return { 'key.pem': pem, keys: [...others, createSigner(pem).publicKey, ''].join('\n') };
}

test('the Secret is created once and read from then on', async () => {
  const secrets = store();
  const first = await ensureSigningKeys(secrets);
  const made = secrets.secrets.get(SIGNING_SECRET);
  assert.match(made?.['key.pem'] ?? '', /^-----BEGIN PRIVATE KEY-----/);
  assert.equal(made?.['keys'], `${first.signer.publicKey}\n`);
  const second = await ensureSigningKeys(secrets);
  assert.deepEqual([second.signer.publicKey, second.trustedKeys], [first.signer.publicKey, [first.signer.publicKey]]);
});

test('a replica that loses the race to create it uses the key of the winner', async () => {
  const theirs = secret();
  const keys = await ensureSigningKeys(store(theirs));
  assert.equal(keys.signer.publicKey, theirs['keys']?.trim());
});

test('further keys of the Secret are trusted, too', async () => {
  const successor = createSigner(generateKey()).publicKey;
  const data = secret(successor);
  const secrets = store();
  secrets.secrets.set(SIGNING_SECRET, data);
  const keys = await ensureSigningKeys(secrets);
  assert.deepEqual(keys.trustedKeys, [successor, keys.signer.publicKey]);
});

test('a Secret that cannot be used is an error that names it, and is not changed', async () => {
  const good = secret();
  const other = secret();
  for (const bad of [
    {},
    { keys: 'x' },
    { ...good, 'key.pem': 'x' },
    { ...good, keys: 'x' },
    { ...good, keys: other['keys'] ?? '' },
  ]) {
    const secrets = store();
    secrets.secrets.set(SIGNING_SECRET, bad);
    await assert.rejects(ensureSigningKeys(secrets), /outrigger-signing-key|signing key/);
    assert.equal(secrets.secrets.get(SIGNING_SECRET), bad);
  }
});
