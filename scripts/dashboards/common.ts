/** Identifiers, variables and query helpers that the dashboards share. */
import type { Variable } from './model.ts';

export const UIDS = {
  traffic: 'outrigger-traffic',
  endpoints: 'outrigger-endpoints',
  control: 'outrigger-control-plane',
} as const;

/** Series of the selected policies. Their `namespace` is the policy's; `pod` is the proxy that was scraped. */
export const POLICY = 'namespace=~"$namespace", policy=~"$policy", pod=~"$pod"';

/** A metric that exists for every policy of a proxy, with or without traffic. */
const OF_POLICIES = 'outrigger_pending_requests';

export const POLICY_VARIABLES: readonly Variable[] = [
  {
    name: 'namespace',
    label: 'Namespace',
    description: 'Namespace of the policies.',
    query: `label_values(${OF_POLICIES}, namespace)`,
  },
  {
    name: 'policy',
    label: 'Policy',
    description: 'LoadBalancerPolicies in these namespaces.',
    query: `label_values(${OF_POLICIES}{namespace=~"$namespace"}, policy)`,
  },
];

export const PROXY_VARIABLE: Variable = {
  name: 'pod',
  label: 'Proxy',
  description: 'Pods with a proxy: gateways, and applications with a sidecar.',
  query: 'label_values(outrigger_build_info, pod)',
};

/** From the row of a policy, with the columns Policy and Namespace, to its endpoints. */
export const TO_ENDPOINTS = {
  title: 'Endpoints of ${__data.fields.Policy}',
  url: `/d/${UIDS.endpoints}?var-datasource=\${datasource}&var-namespace=\${__data.fields.Namespace}&var-policy=\${__data.fields.Policy}&\${__url_time_range}`,
};

/** Rate of a counter. */
export const rate = (metric: string, labels: string) => `rate(${metric}{${labels}}[$__rate_interval])`;

export const sum = (by: string, expr: string) => `sum by (${by}) (${expr})`;

export const quantile = (q: number, by: string, metric: string, labels = '') =>
  `histogram_quantile(${q}, ${sum(by === '' ? 'le' : `${by}, le`, rate(`${metric}_bucket`, labels))})`;

/** Restricts a metric that every process has to the processes that have `info`. */
export const ours = (expr: string, info: string) => `${expr} * on (job, instance) group_left () ${info}`;
