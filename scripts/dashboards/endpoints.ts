/** Where requests go, and how that which they go to does. */
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
      description: 'Endpoints of the chosen policies; one that two policies have counts twice.',
    },
    {
      ...{
        kind: 'stat',
        title: 'Unhealthy',
        unit: 'short',
        width: 6,
        query: `count(count by (${BY}) (${healthy})) - (count(min by (${BY}) (${healthy}) == 1) or vector(0))`,
      },
      description: 'Endpoints that at least one proxy does not use, for failed checks or failed requests.',
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
      description: 'Ejections in the chosen time, each proxy counting its own.',
    },
    {
      ...{ kind: 'table', title: 'Endpoints', unit: 'short', width: 24, height: 10 },
      description: 'Each endpoint over the last moments. Healthy: the share of proxies that would use it.',
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
      ...{ kind: 'states', title: 'Healthy, as the most doubtful proxy has it', unit: 'short', width: 24 },
      description: 'When which endpoint was out of use for at least one proxy.',
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
        'Endpoints taken out by what requests ran into: failed connections or 5xx in a row, too many failures in a hundred, or a failed trial after an ejection.',
      queries: [{ expr: sum(`${BY}, reason`, rate('outrigger_ejections_total', CHOSEN)), legend: `${LEGEND} {{reason}}` }],
    },
    {
      ...{ kind: 'series', title: 'Active health checks', unit: 'ops' },
      description: 'Checks by result, for policies with healthCheck.active. Every proxy makes its own.',
      queries: [
        {
          expr: sum('namespace, policy, result', rate('outrigger_health_checks_total', CHOSEN)),
          legend: '{{namespace}}/{{policy}} {{result}}',
        },
      ],
    },
    {
      ...{ kind: 'states', title: 'Panic', unit: 'short', width: 24, height: 5 },
      description: 'When a policy ignored health, because too few endpoints had it.',
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
      description: 'What part of the tries of its policy an endpoint gets. Compare with the weights below.',
    },
    {
      ...{ kind: 'series', title: 'Tries', unit: 'reqps', width: 12, queries: [{ expr: sum(BY, attempts), legend: LEGEND }] },
      description: 'Tries per second on each endpoint, retries included.',
    },
    {
      ...{ kind: 'series', title: 'Weight', unit: 'short', width: 12 },
      description: 'In effect: below its whole while an endpoint starts slowly (slowStart). 0: it gets nothing new.',
      queries: [{ expr: `max by (${BY}) (outrigger_endpoint_weight{${CHOSEN}})`, legend: LEGEND }],
    },
    {
      ...{ kind: 'series', title: 'Requests in flight', unit: 'short', width: 12 },
      description: 'Over all proxies. One endpoint far above the others is slow, or hangs.',
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
        'From the start of a try to the response head, on average. Quantiles are kept per policy: see the dashboard Traffic.',
    },
    {
      ...{
        kind: 'series',
        title: 'Failed tries by endpoint',
        unit: 'percentunit',
        width: 12,
        queries: [{ expr: failedShare, legend: LEGEND }],
      },
      description:
        'The share of tries on an endpoint that did not end well: 5xx, no connection, reset, time-out, malformed response.',
    },
    {
      ...{ kind: 'series', title: 'Failed tries by outcome', unit: 'ops', width: 24 },
      description: 'Tries per second that did not end well, and how.',
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
      description: 'Pod and port, else address and port.',
      query: 'label_values(outrigger_endpoint_healthy{namespace=~"$namespace", policy=~"$policy"}, endpoint)',
    },
    PROXY_VARIABLE,
  ],
  sections: [glance, health, load, outcome],
};
