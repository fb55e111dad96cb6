import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keepCertificates, type KeeperOptions } from './ensure-certificates.ts';
import { encodeMaterial, type Material } from './certificate-set.ts';
import { take } from './renewal-steps.ts';
import type { CertificateSecret } from './certificate-secret.ts';

const NAMES = ['outrigger-webhook.outrigger-system.svc'];
const START = Date.parse('2026-11-22T00:00:00Z');
const DAY = 24 * 3_600_000;

/** One Secret that several replicas share, with the versions of an API server. */
function sharedSecret(initial?: Readonly<Record<string, string>>) {
  let version = 1;
  let data = initial;
  const metadata = { name: 'x', uid: 'u', creationTimestamp: '' };
  const secret: CertificateSecret = {
    read: () => Promise.resolve(data && { object: { metadata: { ...metadata, resourceVersion: String(version) } }, data }),
    create(made) {
      if (data !== undefined) return Promise.resolve(false);
      data = made;
      return Promise.resolve(true);
    },
    replace({ object }, made) {
      if (object.metadata.resourceVersion !== String(version)) return Promise.resolve(false);
      version++;
      data = made;
      return Promise.resolve(true);
    },
  };
  return { secret, data: () => data, remove: () => (data = undefined) };
}

const keep = (secret: CertificateSecret, more: Partial<KeeperOptions> = {}): Promise<Material> => {
  const defaults = { names: NAMES, serving: undefined, leading: () => false, published: () => true, now: () => START };
  return keepCertificates({ ...defaults, secret, ...more });
};

test('two replicas that start together end up with the same certificates', async () => {
  const { secret } = sharedSecret();
  const [first, second] = await Promise.all([keep(secret), keep(secret)]);
  assert.deepEqual(first, second);
  assert.deepEqual(await keep(secret), first);
});

test('only the leader renews, and one of two that believe they lead', async () => {
  const { secret } = sharedSecret();
  const made = await keep(secret);
  const later = { now: () => START + 61 * DAY };
  assert.deepEqual(await keep(secret, later), made);
  const leading = { ...later, leading: () => true };
  const results = await Promise.allSettled([keep(secret, leading), keep(secret, leading)]);
  assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  const renewed = await keep(secret, leading);
  assert.notEqual(renewed.cert, made.cert);
  assert.equal(renewed.bundle, made.bundle);
});

test('what can not be used is made anew by the leader; the others wait', async () => {
  const made = encodeMaterial(await take('everything', undefined, NAMES, START));
  for (const broken of [{}, { ...made, 'tls.crt': 'x' }, { ...made, 'ca.key': '' }]) {
    const { secret } = sharedSecret(broken);
    await assert.rejects(keep(secret), /no usable certificates/);
    assert.ok((await keep(secret, { leading: () => true })).cert);
    await keep(secret);
  }
});

test('a Secret that is deleted is made anew by the leader, while the others go on with what they have', async () => {
  const { secret, remove, data } = sharedSecret();
  const made = await keep(secret);
  remove();
  assert.equal(await keep(secret, { serving: made }), made);
  assert.equal(data(), undefined);
  const anew = await keep(secret, { serving: made, leading: () => true });
  assert.notEqual(anew.bundle, made.bundle);
});
