/**
 * Pure: what is to be done about the webhook's certificates now. One step at a time, each of which leaves every API server able
 * to verify every replica:
 *
 *  1. an authority past two thirds of its life gets a successor: the bundle has both, the old one's certificate goes on serving
 *  2. when API servers have had time to learn the new bundle, the serving certificate is made anew by the successor
 *  3. when replicas have had time to serve that one, the old authority leaves the bundle
 */
import type { CertificateFacts, Span } from './certificate-set.ts';

export type RenewalStep = 'everything' | 'authority' | 'serving' | 'prune';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
export const AUTHORITY_LIFE = 365 * DAY;
export const SERVING_LIFE = 90 * DAY;
/** Certificates begin to hold this long ago: clocks differ. */
export const BACKDATED = 10 * MINUTE;
/** How long one change takes, at most, until everybody has it: API servers watch, replicas read the Secret every minute. */
export const SETTLED_AFTER = 60 * MINUTE;

/**
 * @param facts undefined: there is nothing that can be used
 * @param published whether the API server has the whole bundle
 * @returns undefined: nothing is due
 */
export function nextRenewalStep(facts: CertificateFacts | undefined, published: boolean, now: number): RenewalStep | undefined {
  const newest = facts?.authorities.at(-1);
  if (facts === undefined || newest === undefined || now >= newest.until) return 'everything';
  if (due(newest, now)) return 'authority';
  const successor = facts.issuer !== facts.authorities.length - 1;
  // Who can not be verified any more, or is about to be so, has nothing to wait for.
  const ending = now >= facts.serving.until - DAY || now >= (facts.authorities[facts.issuer]?.until ?? 0) - DAY;
  if (ending || (!successor && due(facts.serving, now))) return 'serving';
  if (!published) return undefined;
  if (successor) return now >= settled(newest) ? 'serving' : undefined;
  return facts.authorities.length > 1 && now >= settled(facts.serving) ? 'prune' : undefined;
}

export function spanFrom(now: number, life: number): Span {
  return { from: now - BACKDATED, until: now + life };
}

const due = ({ from, until }: Span, now: number): boolean => now >= from + ((until - from) * 2) / 3;
const settled = ({ from }: Span): number => from + BACKDATED + SETTLED_AFTER;
