import type { LoadBalancerPolicy, PolicyStatus } from '../api/policy.gen.ts';

/** The result of the last write, used until the watch has caught up with it. */
export interface WrittenStatus {
  /** Resource version of the policy whose status was replaced. */
  readonly basedOn: string;
  readonly resourceVersion: string;
  readonly status: PolicyStatus;
}

/** The status that a policy has: as the cache has it, unless our last write is newer. */
export function latestStatus(policy: LoadBalancerPolicy, written: WrittenStatus | undefined): PolicyStatus | undefined {
  return written === undefined || caughtUp(policy, written) ? policy.status : written.status;
}

/** Whether the cache has the policy as of our last write, or newer. Versions are decimal numbers of any length. */
function caughtUp({ metadata }: LoadBalancerPolicy, written: WrittenStatus): boolean {
  const cached = metadata.resourceVersion;
  // Comparing is not enough: versions may restart when an API server was restored from a backup.
  if (cached === written.basedOn) return false;
  const ours = written.resourceVersion;
  return cached.length > ours.length || (cached.length === ours.length && cached >= ours);
}
