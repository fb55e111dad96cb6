/** What the proxies under test are told to do about faults. */
import { DEFAULTS } from '../../operator/api/defaults.ts';
import type { PassiveCheck, Retry } from '../../proxy/snapshot/types.ts';
import { PASSIVE, RETRY } from '../../proxy/testing.ts';

/** A try that has no head after this long is given up, and made elsewhere. */
const PER_TRY_TIMEOUT_MS = 250;

/** As a policy that says nothing of them. */
export const DEFAULT_RETRY: Retry = { ...RETRY, budget: DEFAULTS.retryBudget };

/** The same after a time-out, too. */
export const RETRY_AFTER_TIMEOUT: Retry = {
  ...DEFAULT_RETRY,
  perTryTimeout: PER_TRY_TIMEOUT_MS,
  retryOn: [...DEFAULT_RETRY.retryOn, 'timeout'],
};

/**
 * Passive checks of everything that they know. Few requests must do, within a short window: strategies that look at load give little to
 * an endpoint that fails, and what went well before must not outweigh a fault for long.
 */
export function fullPassiveCheck(): PassiveCheck {
  return { ...PASSIVE, consecutive5xx: 5, failurePercent: { threshold: 20, minRequests: 3, window: 1000 } };
}
