/** Where requests go: health, shares, latency and failures of endpoints. */
import { POLICY_VARIABLES, POLICY, PROXY_VARIABLE, UIDS, rate, sum } from './common.ts';
import type { Dashboard, Section } from './model.ts';

const CHOSEN = `${POLICY}, endpoint=~"$endpoint"`;
const BY = 'namespace, policy, endpoint';
const LEGEND = '{{policy}} {{endpoint}}';
const attempts = rate('outrigger_attempts_total', CHOSEN);
const share = `${sum(BY, attempts)} / on (namespace, policy) group_left () (${sum('namespace, policy', rate('outrigger_attempts_total', POLICY))} > 0)`;
const failedShare = `(${sum(BY, rate('outrigger_attempts_total', `${CHOSEN}, outcome!="ok"`))} or 0 * ${sum(BY, attempts)}) / (${sum(BY, attempts)} > 0)`;
const latency = `${sum(BY, rate('outrigger_endpoint_first_byte_seconds_sum', CHOSEN))} / (${sum(BY, rate('outrigger_endpoint_first_byte_seconds_count', CHOSEN))} > 0)`;
const healthy = `outrigger_endpoint_healthy{${CHOSEN}}`;

const glance: Section = {
  title: 'At a glance',
  panels: [
    {
      ...{ kind: 'stat', title: 'Endpoints', unit: 'short', width: 6, query: `count(count by (${BY}) (${healthy}))` },
      description: 'Endpoints of the selected policies; an endpoint of two policies counts twice.',
    },
    {
      ...{
        kind: 'stat',
        title: 'Unhealthy',
        unit: 'short',
        width: 6,
        query: `count(count by (${BY}) (${healthy})) - (count(min by (${BY}) (${healthy}) == 1) or vector(0))`,
      },
      description: 'Endpoints that at least one proxy does not use, because of failed checks or failed requests.',
      thresholds: [
        [0, 'green'],
        [1, 'yellow'],
      ],
    },
    {
      ...{
        kind: 'stat',
        title: 'Policies in panic',
        unit: 'short',
        width: 6,
        query: `sum(max by (namespace, policy) (outrigger_panic{${POLICY}}))`,
      },
      description: 'Policies with so few healthy endpoints that all are used, healthy or not (healthCheck.panicThreshold).',
      thresholds: [
        [0, 'green'],
        [1, 'red'],
      ],
    },
    {
      ...{
        kind: 'stat',
        title: 'Ejections',
        unit: 'short',
        width: 6,
        query: `sum(increase(outrigger_ejections_total{${CHOSEN}}[$__range]))`,
      },
      description: 'Ejections in the selected time range; each proxy counts its own.',
    },
    {
      ...{ kind: 'table', title: 'Endpoints', unit: 'short', width: 24, height: 10 },
      description: 'Current state of each endpoint. Healthy: the share of proxies that find it healthy.',
      labels: { endpoint: 'Endpoint', policy: 'Policy', namespace: 'Namespace' },
      columns: [
        {
          ...{ legend: 'Healthy', unit: 'percentunit', expr: `avg by (${BY}) (${healthy})` },
          thresholds: [
            [0, 'red'],
            [0.01, 'yellow'],
            [1, 'green'],
          ],
        },
        { legend: 'Weight', unit: 'short', expr: `max by (${BY}) (outrigger_endpoint_weight{${CHOSEN}})` },
        { legend: 'Share', unit: 'percentunit', expr: share },
        { legend: 'Tries', unit: 'reqps', expr: sum(BY, attempts) },
        {
          ...{ legend: 'Failed', unit: 'percentunit', expr: failedShare },
          thresholds: [
            [0, 'green'],
            [0.001, 'yellow'],
            [0.05, 'red'],
          ],
        },
        { legend: 'First byte (mean)', unit: 's', expr: latency },
        { legend: 'In flight', unit: 'short', expr: sum(BY, `outrigger_endpoint_active_requests{${CHOSEN}}`) },
      ],
    },
  ],
};

const health: Section = {
  title: 'Health',
  panels: [
    {
      ...{ kind: 'states', title: 'Healthy for all proxies', unit: 'short', width: 24 },
      description: 'When an endpoint was unhealthy for at least one proxy.',
      queries: [{ expr: `min by (${BY}) (${healthy})`, legend: LEGEND }],
      names: { 0: { text: 'unhealthy', colour: 'red' }, 1: { text: 'healthy', colour: 'green' } },
    },
    {
      ...{ kind: 'series', title: 'Healthy endpoints by policy', unit: 'percentunit', max: 1 },
      description: 'The share of endpoints that proxies find healthy, over all proxies.',
      queries: [{ expr: `avg by (namespace, policy) (${healthy})`, legend: '{{namespace}}/{{policy}}' }],
    },
    {
      ...{ kind: 'series', title: 'Ejections by reason', unit: 'ops' },
      description:
        'Endpoints ejected because of failing requests: consecutive connect failures or failures of any kind, too large a share of failures, or a failed test after an ejection (probation).',
      queries: [{ expr: sum(`${BY}, reason`, rate('outrigger_ejections_total', CHOSEN)), legend: `${LEGEND} {{reason}}` }],
    },
    {
      ...{ kind: 'series', title: 'Active health checks', unit: 'ops' },
      description: 'Checks by result, for policies with healthCheck.active. Every proxy sends its own.',
      queries: [
        {
          expr: sum('namespace, policy, result', rate('outrigger_health_checks_total', CHOSEN)),
          legend: '{{namespace}}/{{policy}} {{result}}',
        },
      ],
    },
    {
      ...{ kind: 'states', title: 'Panic', unit: 'short', width: 24, height: 5 },
      description: 'When a policy ignored health, because too few endpoints were healthy.',
      queries: [{ expr: `max by (namespace, policy) (outrigger_panic{${POLICY}})`, legend: '{{namespace}}/{{policy}}' }],
      names: { 0: { text: 'no', colour: 'green' }, 1: { text: 'panic', colour: 'red' } },
    },
  ],
};

const load: Section = {
  title: 'Shares and load',
  panels: [
    {
      ...{
        kind: 'series',
        title: 'Share of tries',
        unit: 'percentunit',
        stacked: true,
        width: 12,
        queries: [{ expr: share, legend: LEGEND }],
      },
      description: 'The share of the tries of its policy that an endpoint gets. Compare it with the weights below.',
    },
    {
      ...{ kind: 'series', title: 'Tries', unit: 'reqps', width: 12, queries: [{ expr: sum(BY, attempts), legend: LEGEND }] },
      description: 'Tries per second on each endpoint, retries included.',
    },
    {
      ...{ kind: 'series', title: 'Weight', unit: 'short', width: 12 },
      description: 'Weight in effect, reduced during slowStart. 0: the endpoint gets no new requests.',
      queries: [{ expr: `max by (${BY}) (outrigger_endpoint_weight{${CHOSEN}})`, legend: LEGEND }],
    },
    {
      ...{ kind: 'series', title: 'Requests in flight', unit: 'short', width: 12 },
      description: 'Requests in flight over all proxies. An endpoint far above the others is slow, or hangs.',
      queries: [{ expr: sum(BY, `outrigger_endpoint_active_requests{${CHOSEN}}`), legend: LEGEND }],
    },
  ],
};

const outcome: Section = {
  title: 'Latency and failures',
  panels: [
    {
      ...{
        kind: 'series',
        title: 'First byte by endpoint (mean)',
        unit: 's',
        width: 12,
        queries: [{ expr: latency, legend: LEGEND }],
      },
      description:
        'Mean time from the start of a try to the response head. Quantiles exist per policy: see the dashboard Traffic.',
    },
    {
      ...{
        kind: 'series',
        title: 'Failed tries by endpoint',
        unit: 'percentunit',
        width: 12,
        queries: [{ expr: failedShare, legend: LEGEND }],
      },
      description: 'The share of failed tries on an endpoint: 5xx, connect failure, reset, timeout, malformed response.',
    },
    {
      ...{ kind: 'series', title: 'Failed tries by outcome', unit: 'ops', width: 24 },
      description: 'Failed tries per second, by outcome.',
      queries: [
        {
          expr: sum(`${BY}, outcome`, rate('outrigger_attempts_total', `${CHOSEN}, outcome!="ok"`)),
          legend: `${LEGEND} {{outcome}}`,
        },
      ],
    },
  ],
};

export const endpoints: Dashboard = {
  uid: UIDS.endpoints,
  title: 'Outrigger / Endpoints',
  description: 'Health, ejections, shares and latency of the endpoints behind LoadBalancerPolicies.',
  variables: [
    ...POLICY_VARIABLES,
    {
      name: 'endpoint',
      label: 'Endpoint',
      description: 'Pod name and port, else address and port.',
      query: 'label_values(outrigger_endpoint_healthy{namespace=~"$namespace", policy=~"$policy"}, endpoint)',
    },
    PROXY_VARIABLE,
  ],
  sections: [glance, health, load, outcome],
};
