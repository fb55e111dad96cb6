/** Takes one step of the plan: certificates in, certificates out. */
import { splitBundle, type CertificateSet, type Span } from './certificate-set.ts';
import { AUTHORITY_LIFE, SERVING_LIFE, spanFrom, type RenewalStep } from './renewal-plan.ts';
import type { Issued, Validity } from './issue.ts';

const AUTHORITY_NAME = 'outrigger-webhook';

/** @param old the present certificates; not used where everything is made again */
export async function applyStep(
  step: RenewalStep,
  old: CertificateSet | undefined,
  names: readonly string[],
  now: number,
): Promise<CertificateSet> {
  if (step === 'everything' || old === undefined) {
    const authority = await makeAuthority(now);
    return { bundle: authority.certificate, authorityKey: authority.key, ...(await makeServing(names, now, authority)) };
  }
  const authorities = splitBundle(old.bundle);
  const newest = authorities.at(-1) ?? '';
  switch (step) {
    case 'authority': {
      const next = await makeAuthority(now);
      return { ...old, bundle: `${ended(old.bundle)}${next.certificate}`, authorityKey: next.key };
    }
    case 'serving':
      return { ...old, ...(await makeServing(names, now, { certificate: newest, key: old.authorityKey })) };
    case 'prune':
      return { ...old, bundle: newest };
  }
}

/** The library is loaded when the first certificate is made, not before. */
const library = () => import('./issue.ts');

async function makeAuthority(now: number): Promise<Issued> {
  return (await library()).issueAuthority(AUTHORITY_NAME, validity(spanFrom(now, AUTHORITY_LIFE)));
}

async function makeServing(
  names: readonly string[],
  now: number,
  authority: Issued,
): Promise<Pick<CertificateSet, 'cert' | 'key'>> {
  const { certificate, key } = await (await library()).issueServing(names, validity(spanFrom(now, SERVING_LIFE)), authority);
  return { cert: certificate, key };
}

const validity = ({ from, until }: Span): Validity => ({ notBefore: new Date(from), notAfter: new Date(until) });
const ended = (pem: string): string => (pem.endsWith('\n') ? pem : `${pem}\n`);
