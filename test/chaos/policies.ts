/** Retry and health-check settings of the proxies under test. */
import { DEFAULTS } from '../../operator/api/defaults.ts';
import type { PassiveCheck, Retry } from '../../proxy/snapshot/types.ts';
import { PASSIVE, RETRY } from '../../proxy/testing.ts';

/** An attempt without a response head after this time is given up and retried on another endpoint. */
const PER_TRY_TIMEOUT_MS = 250;

/** The retries of a policy that does not set any. */
export const DEFAULT_RETRY: Retry = { ...RETRY, budget: DEFAULTS.retryBudget };

/** The same, and also after a time-out. */
export const RETRY_AFTER_TIMEOUT: Retry = {
  ...DEFAULT_RETRY,
  perTryTimeout: PER_TRY_TIMEOUT_MS,
  retryOn: [...DEFAULT_RETRY.retryOn, 'timeout'],
};

/**
 * All passive checks. They decide on few requests within a short window: load-aware strategies send few requests to a failing endpoint, and
 * earlier successes must not outweigh a fault for long.
 */
export function fullPassiveCheck(): PassiveCheck {
  return { ...PASSIVE, consecutive5xx: 5, failurePercent: { threshold: 20, minRequests: 3, window: 1000 } };
}
