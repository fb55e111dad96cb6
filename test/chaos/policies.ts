/** What the proxies under test are told to do about faults. */
import type { PassiveCheck, Retry } from '../../proxy/snapshot/types.ts';
import { PASSIVE, RETRY } from '../../proxy/testing.ts';

/** A try that has no head after this long is given up, and made elsewhere. */
export const PER_TRY_TIMEOUT_MS = 250;

/** Retries as by default, and after a time-out too. */
export const IMPATIENT: Retry = {
  ...RETRY,
  perTryTimeout: PER_TRY_TIMEOUT_MS,
  retryOn: [...RETRY.retryOn, 'timeout'],
};

/** Passive checks of everything that they know. */
export function watchful(): PassiveCheck {
  return PASSIVE;
}
