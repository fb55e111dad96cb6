/**
 * Pure: the next step in renewing the webhook's certificates. After each step every API server can still verify every replica:
 *
 *  1. an authority past two thirds of its lifetime gets a successor: the bundle has both, the old serving certificate stays in use
 *  2. when API servers have had time to get the new bundle, the successor signs a new serving certificate
 *  3. when replicas have had time to serve that one, the old authority leaves the bundle
 */
import type { CertificateFacts, Span } from './certificate-set.ts';

export type RenewalStep = 'everything' | 'authority' | 'serving' | 'prune';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
export const AUTHORITY_LIFE = 365 * DAY;
export const SERVING_LIFE = 90 * DAY;
/** Certificates are valid from this long before they are made, since clocks differ. */
export const BACKDATED = 10 * MINUTE;
/** The longest time until every API server and replica has a change: API servers watch, replicas read the Secret every minute. */
export const PROPAGATED_AFTER = 60 * MINUTE;

/**
 * @param facts undefined: there are no usable certificates
 * @param published whether the API server has the whole bundle
 * @returns undefined: nothing is due
 */
export function nextRenewalStep(facts: CertificateFacts | undefined, published: boolean, now: number): RenewalStep | undefined {
  const newest = facts?.authorities.at(-1);
  if (facts === undefined || newest === undefined || now >= newest.until) return 'everything';
  if (due(newest, now)) return 'authority';
  const successor = facts.issuer !== facts.authorities.length - 1;
  // A certificate that has expired, or is about to, is replaced without waiting.
  const ending = now >= facts.serving.until - DAY || now >= (facts.authorities[facts.issuer]?.until ?? 0) - DAY;
  if (ending || (!successor && due(facts.serving, now))) return 'serving';
  if (!published) return undefined;
  if (successor) return now >= propagatedAt(newest) ? 'serving' : undefined;
  return facts.authorities.length > 1 && now >= propagatedAt(facts.serving) ? 'prune' : undefined;
}

export function spanFrom(now: number, life: number): Span {
  return { from: now - BACKDATED, until: now + life };
}

const due = ({ from, until }: Span, now: number): boolean => now >= from + ((until - from) * 2) / 3;
const propagatedAt = ({ from }: Span): number => from + BACKDATED + PROPAGATED_AFTER;
