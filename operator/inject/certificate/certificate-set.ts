/** The certificates in the webhook's Secret, and what they state. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { ServingCertificate } from '../webhook-server.ts';

export interface CertificateSet extends ServingCertificate {
  /** Certificates of all trusted authorities in PEM, the newest last: the `caBundle`. */
  readonly bundle: string;
  /** Private key of the newest authority. */
  readonly authorityKey: string;
}

/** In Unix milliseconds. */
export interface Span {
  readonly from: number;
  readonly until: number;
}

export interface CertificateFacts {
  /** In the order of the bundle, the newest last. Never empty. */
  readonly authorities: readonly Span[];
  readonly serving: Span;
  /** Index of the authority that signed the serving certificate. */
  readonly issuer: number;
}

const MEMBERS = { bundle: 'ca.crt', authorityKey: 'ca.key', cert: 'tls.crt', key: 'tls.key' } as const;

export function encodeCertificates(certificates: CertificateSet): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(MEMBERS).map(([member, name]) => [name, certificates[member as keyof CertificateSet]]),
  );
}

/** Undefined where a member is missing. */
export function decodeCertificates(data: Readonly<Record<string, string>>): CertificateSet | undefined {
  const [bundle, authorityKey, cert, key] = Object.values(MEMBERS).map((name) => data[name]);
  return bundle && authorityKey && cert && key ? { bundle, authorityKey, cert, key } : undefined;
}

/** The certificates of a bundle in PEM, in order. */
export function splitBundle(bundle: string): readonly string[] {
  return bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?/g) ?? [];
}

/** Undefined where it cannot be used: not parsable, keys that do not match, other names, or no authority of the bundle signed it. */
export function inspect(certificates: CertificateSet, names: readonly string[]): CertificateFacts | undefined {
  try {
    const authorities = splitBundle(certificates.bundle).map((pem) => new X509Certificate(pem));
    const serving = new X509Certificate(certificates.cert);
    const newest = authorities.at(-1);
    if (!newest?.checkPrivateKey(createPrivateKey(certificates.authorityKey))) return undefined;
    if (!serving.checkPrivateKey(createPrivateKey(certificates.key))) return undefined;
    if (names.some((name) => serving.checkHost(name) === undefined)) return undefined;
    const issuer = authorities.findIndex((authority) => serving.checkIssued(authority) && serving.verify(authority.publicKey));
    if (issuer === -1) return undefined;
    return { authorities: authorities.map(spanOf), serving: spanOf(serving), issuer };
  } catch {
    return undefined;
  }
}

function spanOf({ validFromDate, validToDate }: X509Certificate): Span {
  return { from: validFromDate.getTime(), until: validToDate.getTime() };
}
