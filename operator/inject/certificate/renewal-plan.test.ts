import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, test } from 'node:test';
import { inspect, splitBundle, type CertificateFacts, type CertificateSet } from './certificate-set.ts';
import { AUTHORITY_LIFE, nextRenewalStep, SERVING_LIFE, PROPAGATED_AFTER, spanFrom, type RenewalStep } from './renewal-plan.ts';
import { applyStep } from './renewal-steps.ts';

const DAY = 24 * 3_600_000;
const NAMES = ['outrigger-webhook.outrigger-system.svc', 'outrigger-webhook.outrigger-system.svc.cluster.local'];
const START = Date.parse('2026-11-22T00:00:00Z');

describe('the step that is due', () => {
  const authority = (since: number) => spanFrom(since, AUTHORITY_LIFE);
  const serving = (since: number) => spanFrom(since, SERVING_LIFE);
  const fresh: CertificateFacts = { authorities: [authority(0)], serving: serving(0), issuer: 0 };
  const both: CertificateFacts = { authorities: [authority(0), authority(250 * DAY)], serving: serving(240 * DAY), issuer: 0 };
  const renewed: CertificateFacts = { ...both, serving: serving(251 * DAY), issuer: 1 };
  const cases: Readonly<Record<string, readonly [CertificateFacts | undefined, boolean, number, RenewalStep | undefined]>> = {
    'nothing there: everything': [undefined, true, 0, 'everything'],
    'new: nothing': [fresh, true, DAY, undefined],
    'a certificate at 59 of 90 days: nothing': [fresh, true, 59 * DAY, undefined],
    'a certificate past 60 of 90 days: another one': [fresh, true, 60 * DAY + 1, 'serving'],
    'whether or not the API server has the bundle': [fresh, false, 60 * DAY + 1, 'serving'],
    'an authority past two thirds of its life: a successor': [fresh, true, 244 * DAY, 'authority'],
    'an authority that has ended: everything': [fresh, true, 366 * DAY, 'everything'],
    'a successor that not everyone has yet: nothing': [both, true, 250 * DAY + PROPAGATED_AFTER - 1, undefined],
    'a successor that the API server does not have: nothing': [both, false, 252 * DAY, undefined],
    'a successor that everyone has: it signs': [both, true, 250 * DAY + PROPAGATED_AFTER, 'serving'],
    'a certificate about to end, with a successor that the API server may lack: it signs': [both, false, 329 * DAY, 'serving'],
    'replicas that may not have the new certificate yet: nothing': [renewed, true, 251 * DAY + PROPAGATED_AFTER - 1, undefined],
    'an old authority that no one needs: it is removed': [renewed, true, 251 * DAY + PROPAGATED_AFTER, 'prune'],
    'the same while the API server has another bundle: nothing': [renewed, false, 252 * DAY, undefined],
  };
  for (const [name, [facts, published, now, step]] of Object.entries(cases))
    test(name, () => assert.equal(nextRenewalStep(facts, published, now), step));
});

describe('an issued certificate', () => {
  test('is for the names by which the API server calls, with the key usages that Go requires', async () => {
    const made = await applyStep('everything', undefined, NAMES, START);
    const [serving, authority] = [new X509Certificate(made.cert), new X509Certificate(made.bundle)];
    for (const name of NAMES) assert.equal(serving.checkHost(name), name);
    assert.equal(serving.ca, false);
    assert.equal(authority.ca, true);
    assert.deepEqual(serving.keyUsage, ['1.3.6.1.5.5.7.3.1']);
    assert.notEqual(serving.serialNumber, authority.serialNumber);
    assert.equal(authority.checkIssued(authority), true);
    assert.deepEqual(inspect(made, NAMES), {
      authorities: [spanFrom(START, AUTHORITY_LIFE)],
      serving: spanFrom(START, SERVING_LIFE),
      issuer: 0,
    });
  });

  test('cannot be used with other names, foreign keys, or without its authority', async () => {
    const [made, other] = [
      await applyStep('everything', undefined, NAMES, START),
      await applyStep('everything', undefined, NAMES, START),
    ];
    const wrong: readonly Partial<CertificateSet>[] = [
      { bundle: other.bundle },
      { bundle: '' },
      { bundle: 'x' },
      { authorityKey: other.authorityKey },
      { cert: other.cert },
      { key: other.key },
      { key: 'x' },
    ];
    for (const change of wrong)
      assert.equal(inspect({ ...made, ...change }, NAMES), undefined, JSON.stringify(change).slice(0, 60));
    assert.equal(inspect(made, ['other.svc']), undefined);
  });
});

test(
  'over two years of hourly looks, what is served can always be verified with what the API server has',
  { timeout: 60_000 },
  async () => {
    let certificates = await applyStep('everything', undefined, NAMES, START);
    let facts = inspect(certificates, NAMES);
    let known = certificates.bundle;
    const steps: Record<string, number> = {};
    for (let now = START; now < START + 2 * 365 * DAY; now += 3_600_000) {
      const step = nextRenewalStep(facts, known === certificates.bundle, now);
      if (step !== undefined) {
        steps[step] = (steps[step] ?? 0) + 1;
        certificates = await applyStep(step, certificates, NAMES, now);
        facts = inspect(certificates, NAMES);
        assert.ok(facts, `${step} makes what can be used`);
        // Replicas serve it at once; API servers have the bundle of the look before.
        const serving = new X509Certificate(certificates.cert);
        assert.ok(
          splitBundle(known).some((pem) => serving.verify(new X509Certificate(pem).publicKey)),
          step,
        );
        assert.ok(splitBundle(certificates.bundle).length <= 2);
      }
      assert.ok(now < (facts?.serving.until ?? 0));
      known = certificates.bundle;
    }
    assert.deepEqual(steps, { serving: 14, authority: 2, prune: 2 });
  },
);
