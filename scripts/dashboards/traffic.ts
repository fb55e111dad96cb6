/** What clients get: rate, errors, duration and saturation per policy. */
import { POLICY, POLICY_VARIABLES, PROXY_VARIABLE, TO_ENDPOINTS, UIDS, ours, quantile, rate, sum } from './common.ts';
import type { Dashboard, Section } from './model.ts';
import { readiness } from './readiness.ts';

const BY = 'namespace, policy';
const LEGEND = '{{namespace}}/{{policy}}';
/** HTTP has no status beyond 599: such a one counts as a 5xx (RFC 9110 §15), under its class (`6xx`). */
const FAILED = `${POLICY}, code=~"[5-9].."`;
const requests = rate('outrigger_requests_total', POLICY);
/** 0 where nothing failed: a policy without errors has no series of errors. */
const failedShare = (by: string) => {
  const [all, failed] = [sum(by, requests), sum(by, rate('outrigger_requests_total', FAILED))];
  return `(${failed} or 0 * ${all}) / ${all}`;
};
const p = (q: number, by = '') => quantile(q, by, 'outrigger_request_duration_seconds', POLICY);
const perPolicy = (metric: string) => ({ expr: sum(BY, rate(metric, POLICY)), legend: LEGEND });
const BUILD = 'outrigger_build_info{pod=~"$pod"}';

const glance: Section = {
  title: 'At a glance',
  panels: [
    {
      ...{ kind: 'stat', title: 'Requests', unit: 'reqps', width: 5, query: `sum(${requests})` },
      description: 'Requests per second, answered by a backend or by the proxy.',
    },
    {
      ...{ kind: 'stat', title: 'Answered without a 5xx', unit: 'percentunit', width: 5 },
      description: 'The share of requests with a status below 500, from backends and from the proxies themselves.',
      query: `1 - (sum(${rate('outrigger_requests_total', FAILED)}) or vector(0)) / sum(${requests})`,
      thresholds: [
        [0, 'red'],
        [0.99, 'yellow'],
        [0.999, 'green'],
      ],
    },
    {
      ...{ kind: 'stat', title: 'Duration (p99)', unit: 's', width: 5, query: p(0.99) },
      description: '99 of 100 requests take less, from the complete request head to the end of the response.',
    },
    {
      ...{ kind: 'stat', title: 'Waiting', unit: 'short', width: 4, query: `sum(outrigger_pending_requests{${POLICY}})` },
      description:
        'Requests in the queue now, because a limit of circuitBreaker is reached for their policy or all its endpoints.',
      thresholds: [
        [0, 'green'],
        [1, 'yellow'],
      ],
    },
    {
      ...{ kind: 'stat', title: 'Without a usable endpoint', unit: 'reqps', width: 5 },
      description: 'Requests per second for which no endpoint could be used.',
      query: `sum(${rate('outrigger_no_endpoint_total', POLICY)})`,
      thresholds: [
        [0, 'green'],
        [0.001, 'red'],
      ],
    },
    {
      ...{ kind: 'table', title: 'Policies', unit: 'short', width: 24 },
      description: 'Current golden signals of each policy. A click on a policy opens its endpoints.',
      labels: { policy: 'Policy', namespace: 'Namespace' },
      link: TO_ENDPOINTS,
      columns: [
        { legend: 'Requests', unit: 'reqps', expr: sum(BY, requests) },
        {
          ...{ legend: '5xx', unit: 'percentunit', expr: failedShare(BY) },
          thresholds: [
            [0, 'green'],
            [0.001, 'yellow'],
            [0.01, 'red'],
          ],
        },
        { legend: 'p50', unit: 's', expr: p(0.5, BY) },
        { legend: 'p99', unit: 's', expr: p(0.99, BY) },
        {
          legend: 'Retries',
          unit: 'reqps',
          expr: `${sum(BY, rate('outrigger_retries_total', POLICY))} or 0 * ${sum(BY, requests)}`,
        },
        { legend: 'Waiting', unit: 'short', expr: sum(BY, `outrigger_pending_requests{${POLICY}}`) },
        {
          ...{ legend: 'Healthy endpoints', unit: 'percentunit' },
          expr: `avg by (${BY}) (outrigger_endpoint_healthy{${POLICY}})`,
          thresholds: [
            [0, 'red'],
            [0.5, 'yellow'],
            [1, 'green'],
          ],
        },
      ],
    },
  ],
};

const rates: Section = {
  title: 'Rate',
  panels: [
    {
      ...{
        kind: 'series',
        title: 'Requests by policy',
        unit: 'reqps',
        stacked: true,
        queries: [perPolicy('outrigger_requests_total')],
      },
      description: 'Requests per second of each policy.',
    },
    {
      ...{ kind: 'series', title: 'Requests by status', unit: 'reqps', logarithmic: true },
      description:
        'Requests per second by status code, on a logarithmic scale, so that few errors are visible beside many responses. 499: the client left before the response.',
      queries: [{ expr: sum('code', requests), legend: '{{code}}' }],
    },
    {
      ...{ kind: 'series', title: 'Body bytes', unit: 'Bps' },
      description: 'Bytes of bodies received from clients and sent to them, over all policies of these proxies.',
      queries: [{ expr: sum('direction', rate('outrigger_bytes_total', 'pod=~"$pod"')), legend: '{{direction}}' }],
    },
  ],
};

const errors: Section = {
  title: 'Errors',
  panels: [
    {
      ...{ kind: 'series', title: '5xx by policy', unit: 'percentunit', queries: [{ expr: failedShare(BY), legend: LEGEND }] },
      description: 'The share of requests that ended in a 5xx, or in a status beyond 599, from a backend or from the proxy.',
    },
    {
      ...{ kind: 'series', title: 'Errors by policy and status', unit: 'reqps' },
      description: 'Requests per second that ended in a 4xx or 5xx, or in a status beyond 599.',
      queries: [
        {
          expr: sum(`${BY}, code`, rate('outrigger_requests_total', `${POLICY}, code=~"[4-9].."`)),
          legend: `${LEGEND} {{code}}`,
        },
      ],
    },
    {
      ...{ kind: 'series', title: 'Answered by the proxy, by reason', unit: 'reqps' },
      description: 'Requests that no backend answered, by the reason that clients see in the header outrigger-reason.',
      queries: [{ expr: sum(`${BY}, reason`, rate('outrigger_local_answers_total', POLICY)), legend: `${LEGEND} {{reason}}` }],
    },
    {
      ...{ kind: 'series', title: 'Failed tries, by outcome', unit: 'ops' },
      description: 'Failed tries on endpoints. Clients do not notice most of them, because another try followed.',
      queries: [
        {
          expr: sum('outcome', rate('outrigger_attempts_total', `${POLICY}, outcome!="ok"`)),
          legend: '{{outcome}}',
        },
      ],
    },
    {
      ...{ kind: 'series', title: 'Retries by reason', unit: 'ops' },
      description: 'Retries by the reason of the failed try.',
      queries: [{ expr: sum(`${BY}, reason`, rate('outrigger_retries_total', POLICY)), legend: `${LEGEND} {{reason}}` }],
    },
    {
      ...{ kind: 'series', title: 'Refused, or without a policy', unit: 'ops' },
      description:
        'Requests and connections without a policy: refused before (malformed, too large, too many connections), or matched by none.',
      queries: [
        { expr: sum('reason', rate('outrigger_refused_total', 'pod=~"$pod"')), legend: '{{reason}}' },
        { expr: `sum(${rate('outrigger_unrouted_total', 'pod=~"$pod"')})`, legend: 'no policy matches' },
      ],
    },
    {
      ...{ kind: 'series', title: 'Ended early', unit: 'ops', width: 12 },
      description: 'Requests whose client left before the end, and responses that ended early after their head.',
      queries: [
        { ...perPolicy('outrigger_client_aborts_total'), legend: `${LEGEND} client left` },
        { ...perPolicy('outrigger_responses_broken_total'), legend: `${LEGEND} incomplete response` },
      ],
    },
    {
      ...{ kind: 'series', title: 'Fallback, or no endpoint', unit: 'ops', width: 12 },
      description: 'Requests that went to the fallback of their policy, and those for which no endpoint could be used.',
      queries: [
        { ...perPolicy('outrigger_fallback_total'), legend: `${LEGEND} fallback` },
        { ...perPolicy('outrigger_no_endpoint_total'), legend: `${LEGEND} no endpoint` },
      ],
    },
  ],
};

const duration: Section = {
  title: 'Duration',
  panels: [
    {
      ...{ kind: 'series', title: 'Duration', unit: 's' },
      description: 'From the complete request head to the end of the response: 50%, 90% and 99% of requests take less.',
      queries: [0.5, 0.9, 0.99].map((q) => ({ expr: p(q), legend: `p${q * 100}` })),
    },
    {
      ...{ kind: 'series', title: 'p99 by policy', unit: 's', queries: [{ expr: p(0.99, BY), legend: LEGEND }] },
      description: '99 of 100 requests of a policy take less.',
    },
    {
      ...{ kind: 'heatmap', title: 'How long requests take', unit: 's' },
      description: 'Requests per second by duration. Two bands mean two kinds of requests, or of endpoints.',
      query: sum('le', rate('outrigger_request_duration_seconds_bucket', POLICY)),
    },
    {
      ...{ kind: 'series', title: 'Until the first byte', unit: 's', width: 12 },
      description:
        'From the complete request head to the response head of a backend, retries included. The rest of the duration is the body.',
      queries: [0.5, 0.9, 0.99].map((q) => ({
        expr: quantile(q, '', 'outrigger_first_byte_seconds', POLICY),
        legend: `p${q * 100}`,
      })),
    },
    {
      ...{ kind: 'series', title: 'Connecting to backends', unit: 's', width: 12 },
      description: 'Duration of TCP connects. High values point to the network, or to backends whose accept queues are full.',
      queries: [0.5, 0.99].map((q) => ({ expr: quantile(q, '', 'outrigger_connect_seconds', POLICY), legend: `p${q * 100}` })),
    },
  ],
};

const saturation: Section = {
  title: 'Saturation',
  panels: [
    {
      ...{ kind: 'series', title: 'Waiting requests', unit: 'short' },
      description: 'Requests in the queue, because of circuitBreaker limits.',
      queries: [{ expr: sum(BY, `outrigger_pending_requests{${POLICY}}`), legend: LEGEND }],
    },
    {
      ...{ kind: 'series', title: 'Overflow', unit: 'reqps', queries: [perPolicy('outrigger_overflow_total')] },
      description: 'Requests that found the queue full, or waited in it in vain. They get 503 with the reason overflow.',
    },
    {
      ...{
        kind: 'series',
        title: 'Retry budget exhausted',
        unit: 'ops',
        queries: [perPolicy('outrigger_retry_budget_exhausted_total')],
      },
      description: 'Retries that were not made, because the budget was used up: most endpoints fail, not just one.',
    },
    {
      ...{ kind: 'series', title: 'Connections', unit: 'short' },
      description: 'Open client connections by proxy and port.',
      queries: [{ expr: 'sum by (pod, port) (outrigger_connections_active{pod=~"$pod"})', legend: '{{pod}} :{{port}}' }],
    },
    {
      ...{ kind: 'series', title: 'Connections to backends', unit: 'ops' },
      description:
        'Connections opened and reused. Many opened ones cost time and ports: check whether backends close them early.',
      queries: [{ expr: sum('state', rate('outrigger_upstream_connections_total', 'pod=~"$pod"')), legend: '{{state}}' }],
    },
    {
      ...{ kind: 'series', title: 'Event loop utilization', unit: 'percentunit', max: 1 },
      description: 'A proxy has one event loop: near 100% requests wait for it, and more proxies are needed.',
      thresholds: [
        [0, 'green'],
        [0.8, 'red'],
      ],
      queries: [{ expr: sum('pod', rate('outrigger_event_loop_active_seconds_total', 'pod=~"$pod"')), legend: '{{pod}}' }],
    },
    {
      ...{ kind: 'series', title: 'Event loop delay', unit: 's' },
      description: 'Delay of the event loop between two scrapes: 99th percentile and maximum.',
      queries: [
        { expr: 'max by (pod) (outrigger_event_loop_delay_seconds{pod=~"$pod", quantile="0.99"})', legend: '{{pod}} p99' },
        { expr: 'max by (pod) (outrigger_event_loop_delay_seconds{pod=~"$pod", quantile="1"})', legend: '{{pod}} longest' },
      ],
    },
    {
      ...{ kind: 'series', title: 'CPU of proxies', unit: 'percentunit' },
      description: 'CPU time per second. 100% is one CPU; the part above the event loop is garbage collection and compression.',
      queries: [{ expr: sum('pod', ours('rate(process_cpu_seconds_total[$__rate_interval])', BUILD)), legend: '{{pod}}' }],
    },
    {
      ...{ kind: 'series', title: 'Memory of proxies', unit: 'bytes' },
      description: 'Resident memory. Memory of idle connections is in addition to the heap.',
      queries: [
        { expr: sum('pod', ours('process_resident_memory_bytes', BUILD)), legend: '{{pod}}' },
        { expr: sum('pod', ours('nodejs_heap_size_used_bytes', BUILD)), legend: '{{pod}} heap' },
      ],
    },
  ],
};

export const traffic: Dashboard = {
  uid: UIDS.traffic,
  title: 'Outrigger / Traffic',
  description: 'Golden signals of LoadBalancerPolicies: readiness, rate, errors, duration, saturation.',
  variables: [...POLICY_VARIABLES, PROXY_VARIABLE],
  sections: [glance, readiness, rates, errors, duration, saturation],
};
