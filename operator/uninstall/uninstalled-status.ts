/** The status of a policy after Outrigger was uninstalled. Pure. */
import type { Condition, LoadBalancerPolicy, PolicyStatus } from '../api/policy.gen.ts';

export const UNINSTALLED = 'OperatorUninstalled';

const NOT_SERVED = 'Outrigger was uninstalled: no proxy serves this policy. Install the chart again, or delete the policy.';
const NOT_CHECKED = 'Outrigger was uninstalled: nothing checks this policy. Install the chart again, or delete the policy.';

/** What is known to be false is False; what only the operator could know is Unknown, since its last answer may be wrong from now on. */
const CONDITIONS = [
  ['Ready', 'False', NOT_SERVED],
  ['Accepted', 'Unknown', NOT_CHECKED],
  ['ResolvedRefs', 'Unknown', NOT_CHECKED],
  ['Programmed', 'False', NOT_SERVED],
] as const;

/**
 * Applied under the operator's field manager, it also removes what the operator wrote and this does not have: `Reconciling`, `Stalled`.
 *
 * @param now unix milliseconds
 */
export function uninstalledStatus({ metadata, status }: LoadBalancerPolicy, now: number): Required<PolicyStatus> {
  const observedGeneration = metadata.generation ?? 0;
  const lastTransitionTime = new Date(now).toISOString().replace(/\.\d+Z$/, 'Z');
  const before = new Map(status?.conditions?.map((condition) => [condition.type, condition]));
  const conditions = CONDITIONS.map(([type, state, message]): Condition => {
    const old = before.get(type);
    return {
      ...{ type, status: state, reason: UNINSTALLED, message, observedGeneration },
      lastTransitionTime: old?.status === state ? old.lastTransitionTime : lastTransitionTime,
    };
  });
  return {
    observedGeneration,
    conditions,
    endpoints: { total: 0, ready: 0, healthy: 0 },
    proxies: { total: 0, programmed: 0 },
    summary: { endpoints: '0/0', proxies: '0/0' },
  };
}
