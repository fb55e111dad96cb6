import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ensureCertificates, type EnsureOptions } from './ensure-certificates.ts';
import { encodeCertificates, type CertificateSet } from './certificate-set.ts';
import { applyStep } from './renewal-steps.ts';
import type { SecretStore } from '../../kube/secret-store.ts';

const NAMES = ['outrigger-webhook.outrigger-system.svc'];
const START = Date.parse('2026-11-22T00:00:00Z');
const DAY = 24 * 3_600_000;

/** One Secret that several replicas share, with the versions of an API server. */
function sharedSecret(initial?: Readonly<Record<string, string>>) {
  let version = 1;
  let data = initial;
  const metadata = { name: 'x', uid: 'u', creationTimestamp: '' };
  const secrets: SecretStore = {
    read: () => Promise.resolve(data && { object: { metadata: { ...metadata, resourceVersion: String(version) } }, data }),
    create(_name, made) {
      if (data !== undefined) return Promise.resolve(false);
      data = made;
      return Promise.resolve(true);
    },
    replace(object, made) {
      if (object.metadata.resourceVersion !== String(version)) return Promise.resolve(false);
      version++;
      data = made;
      return Promise.resolve(true);
    },
  };
  return { secrets, data: () => data, remove: () => (data = undefined) };
}

const keep = (secrets: SecretStore, more: Partial<EnsureOptions> = {}): Promise<CertificateSet> => {
  const defaults = { names: NAMES, serving: undefined, leading: () => false, published: () => true, now: () => START };
  return ensureCertificates({ ...defaults, secrets, ...more });
};

test('two replicas that start together end up with the same certificates', async () => {
  const { secrets } = sharedSecret();
  const [first, second] = await Promise.all([keep(secrets), keep(secrets)]);
  assert.deepEqual(first, second);
  assert.deepEqual(await keep(secrets), first);
});

test('only the leader renews, and one of two that believe they lead', async () => {
  const { secrets } = sharedSecret();
  const made = await keep(secrets);
  const later = { now: () => START + 61 * DAY };
  assert.deepEqual(await keep(secrets, later), made);
  const leading = { ...later, leading: () => true };
  const results = await Promise.allSettled([keep(secrets, leading), keep(secrets, leading)]);
  assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  const renewed = await keep(secrets, leading);
  assert.notEqual(renewed.cert, made.cert);
  assert.equal(renewed.bundle, made.bundle);
});

test('certificates that cannot be used are replaced by the leader; the others wait', async () => {
  const made = encodeCertificates(await applyStep('everything', undefined, NAMES, START));
  for (const broken of [{}, { ...made, 'tls.crt': 'x' }, { ...made, 'ca.key': '' }]) {
    const { secrets } = sharedSecret(broken);
    await assert.rejects(keep(secrets), /no usable certificates/);
    assert.ok((await keep(secrets, { leading: () => true })).cert);
    await keep(secrets);
  }
});

test('a deleted Secret is created again by the leader, while the others continue with their certificates', async () => {
  const { secrets, remove, data } = sharedSecret();
  const made = await keep(secrets);
  remove();
  assert.equal(await keep(secrets, { serving: made }), made);
  assert.equal(data(), undefined);
  const remade = await keep(secrets, { serving: made, leading: () => true });
  assert.notEqual(remade.bundle, made.bundle);
});
