import type { LoadBalancerPolicy, PolicyStatus } from '../api/policy.gen.ts';
import { POLICY_API_VERSION, policyStatusPath } from '../kube/api-paths.ts';
import type { KubeClient } from '../kube/client.ts';

const FIELD_MANAGER = 'outrigger-operator';
/** Milliseconds. */
const WRITE_TIMEOUT = 10_000;

/** Writes the whole status by server-side apply; resolves to the policy as it is then. */
export function applyStatus(
  client: Pick<KubeClient, 'call'>,
  { metadata: { namespace = '', name } }: LoadBalancerPolicy,
  status: PolicyStatus,
  signal: AbortSignal,
): Promise<LoadBalancerPolicy> {
  return client.call<LoadBalancerPolicy>({
    method: 'PATCH',
    path: policyStatusPath(namespace, name),
    query: { fieldManager: FIELD_MANAGER, force: 'true' },
    contentType: 'application/apply-patch+yaml',
    body: { apiVersion: POLICY_API_VERSION, kind: 'LoadBalancerPolicy', metadata: { name, namespace }, status },
    signal,
    timeout: WRITE_TIMEOUT,
  });
}
