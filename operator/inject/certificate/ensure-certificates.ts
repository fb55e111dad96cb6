/** The certificates that one replica serves: those of the shared Secret, which the leader renews before they expire. */
import type { SecretStore } from '../../kube/secret-store.ts';
import { decodeCertificates, encodeCertificates, inspect, type CertificateSet } from './certificate-set.ts';
import { nextRenewalStep } from './renewal-plan.ts';
import { applyStep } from './renewal-steps.ts';

export const CERTIFICATE_SECRET = 'outrigger-webhook-certificate';

export interface EnsureOptions {
  readonly secrets: SecretStore;
  /** DNS names by which the API server may call the webhook. */
  readonly names: readonly string[];
  /** The certificates that this replica serves at present, if any. */
  readonly serving: CertificateSet | undefined;
  /** Only the leader changes an existing Secret. */
  readonly leading: () => boolean;
  /** Whether the API server is known to have this bundle. */
  readonly published: (bundle: string) => boolean;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/**
 * The certificates to serve now. Creates the Secret where there is none, and while leading takes the step that is due.
 *
 * @throws where there are no usable certificates, or someone else changed the Secret meanwhile: call again
 */
export async function ensureCertificates(options: EnsureOptions): Promise<CertificateSet> {
  const { secrets, names, serving, leading, published, now } = options;
  let found = await secrets.read(CERTIFICATE_SECRET);
  if (found === undefined) {
    // Someone deleted it to have new ones made: the leader makes them, since only it can pass them on to the API server.
    if (serving !== undefined && !leading()) return serving;
    const made = await applyStep('everything', undefined, names, now());
    if (await secrets.create(CERTIFICATE_SECRET, encodeCertificates(made))) return made;
    found = await secrets.read(CERTIFICATE_SECRET);
    if (found === undefined) throw new Error('the Secret was deleted while it was being created');
  }
  const certificates = decodeCertificates(found.data);
  const facts = certificates && inspect(certificates, names);
  const step = nextRenewalStep(facts, certificates !== undefined && published(certificates.bundle), now());
  if (step !== undefined && leading()) {
    const made = await applyStep(step, certificates, names, now());
    if (await secrets.replace(found.object, encodeCertificates(made))) return made;
    throw new Error('someone else changed the certificates meanwhile');
  }
  if (certificates === undefined || facts === undefined) {
    throw new Error('the Secret holds no usable certificates: the leader makes new ones');
  }
  return certificates;
}
