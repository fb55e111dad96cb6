/** What the Secret of the webhook's certificates holds, and what can be read from it. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { ServingCertificate } from '../webhook-server.ts';

export interface CertificateSet extends ServingCertificate {
  /** Certificates of all authorities that count, in PEM, the newest last: the `caBundle`. */
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
  /** As in the bundle, the newest last. Never empty. */
  readonly authorities: readonly Span[];
  readonly serving: Span;
  /** Which authority signed the serving certificate, as an index. */
  readonly issuer: number;
}

const MEMBERS = { bundle: 'ca.crt', authorityKey: 'ca.key', cert: 'tls.crt', key: 'tls.key' } as const;

export function encodeCertificates(material: CertificateSet): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(MEMBERS).map(([member, name]) => [name, material[member as keyof CertificateSet]]));
}

/** Undefined where a member is missing. */
export function decodeCertificates(data: Readonly<Record<string, string>>): CertificateSet | undefined {
  const [bundle, authorityKey, cert, key] = Object.values(MEMBERS).map((name) => data[name]);
  return bundle && authorityKey && cert && key ? { bundle, authorityKey, cert, key } : undefined;
}

/** The certificates of a bundle, in PEM, as they stand in it. */
export function splitBundle(bundle: string): readonly string[] {
  return bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?/g) ?? [];
}

/** Undefined where it is no use: not parsable, keys that do not fit, other names, or nobody in the bundle signed it. */
export function inspect(material: CertificateSet, names: readonly string[]): CertificateFacts | undefined {
  try {
    const authorities = splitBundle(material.bundle).map((pem) => new X509Certificate(pem));
    const serving = new X509Certificate(material.cert);
    const newest = authorities.at(-1);
    if (!newest?.checkPrivateKey(createPrivateKey(material.authorityKey))) return undefined;
    if (!serving.checkPrivateKey(createPrivateKey(material.key))) return undefined;
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
