/** The certificates of one replica: those of the shared Secret, which the leader renews before they end. */
import { decodeMaterial, encodeMaterial, inspect, type Material } from './certificate-set.ts';
import { nextStep } from './renewal-plan.ts';
import { take } from './renewal-steps.ts';
import type { CertificateSecret } from './certificate-secret.ts';

export interface KeeperOptions {
  readonly secret: CertificateSecret;
  /** DNS names that the API server may ask for. */
  readonly names: readonly string[];
  /** What this replica serves with already, if anything. */
  readonly serving: Material | undefined;
  /** Only the leader changes what is there. */
  readonly leading: () => boolean;
  /** Whether the API server is known to have this bundle. */
  readonly published: (bundle: string) => boolean;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/**
 * What to serve with now. Makes the Secret when there is none, takes the step that is due when leading.
 *
 * @throws where there is nothing that can be used, or the Secret was changed by somebody else meanwhile: look again
 */
export async function keepCertificates(options: KeeperOptions): Promise<Material> {
  const { secret, names, serving, leading, published, now } = options;
  let found = await secret.read();
  if (found === undefined) {
    // Somebody deleted it, to have new ones: the leader makes them, since it is the one who can tell the API server.
    if (serving !== undefined && !leading()) return serving;
    const made = await take('everything', undefined, names, now());
    if (await secret.create(encodeMaterial(made))) return made;
    found = await secret.read();
    if (found === undefined) throw new Error('the Secret was deleted while it was being created');
  }
  const material = decodeMaterial(found.data);
  const facts = material && inspect(material, names);
  const step = nextStep(facts, material !== undefined && published(material.bundle), now());
  if (step !== undefined && leading()) {
    const made = await take(step, material, names, now());
    if (await secret.replace(found, encodeMaterial(made))) return made;
    throw new Error('the certificates were changed by somebody else meanwhile');
  }
  if (material === undefined || facts === undefined) {
    throw new Error('the Secret holds no usable certificates: the leader makes new ones');
  }
  return material;
}
