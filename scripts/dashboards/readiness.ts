/** Which policies can answer their requests, according to the leading operator. */
import { POLICY, TO_ENDPOINTS, rate, sum } from './common.ts';
import type { Section } from './model.ts';

/** Their `pod` is that of the operator, so a selected proxy does not restrict them. */
const notReady =
  'max by (namespace, policy, reason) (outrigger_operator_policy_not_ready{namespace=~"$namespace", policy=~"$policy"})';
const requests = sum('namespace, policy', rate('outrigger_requests_total', POLICY));

export const readiness: Section = {
  title: 'Readiness',
  panels: [
    {
      ...{ kind: 'series', title: 'Policies by readiness', unit: 'short', stacked: true },
      description:
        'Policies of all namespaces by the status of their condition Ready. False: requests are not answered. Unknown: proxies do not run them yet, or have not reported.',
      queries: [{ expr: 'max by (ready) (outrigger_operator_policies)', legend: '{{ready}}' }],
    },
    {
      ...{ kind: 'table', title: 'Policies that are not ready', unit: 'short', width: 16, height: 8 },
      description:
        'Empty while every policy is ready. The reason is that of the condition Ready, whose message has the evidence: kubectl describe lbp. Requests: those that reach the policy in spite of it.',
      labels: { policy: 'Policy', namespace: 'Namespace', reason: 'Reason' },
      link: TO_ENDPOINTS,
      columns: [
        {
          ...{ legend: 'Requests', unit: 'reqps' },
          expr: `${notReady} * on (namespace, policy) group_left () ${requests} or 0 * ${notReady}`,
          thresholds: [
            [0, 'yellow'],
            [0.001, 'red'],
          ],
        },
      ],
    },
  ],
};
