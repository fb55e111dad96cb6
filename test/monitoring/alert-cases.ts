/** For every alert: series with which it must fire after half an hour, and its summary; and series with which it must not fire. */

/** Name and labels of a series → its values in promtool's notation, one a minute (`0+6x30`: 0, 6, 12, …). */
type SeriesByName = Readonly<Record<string, string>>;

export interface Case {
  readonly fires: SeriesByName;
  /** Labels of the firing alert, in addition to the severity. */
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
  /** Time of evaluation in minutes; default: 30. */
  readonly minutes?: number;
  /** Sets of series, with each of which the alert must not fire. */
  readonly quiet: readonly SeriesByName[];
}

const POLICY = 'namespace="shop", policy="web", pod="gateway-1"';
const OF_POLICY = { namespace: 'shop', policy: 'web' };
const requests = (code: number | '9xx') => `outrigger_requests_total{${POLICY}, code="${code}"}`;
const of = (metric: string, more = '') => `outrigger_${metric}{${POLICY}${more && `, ${more}`}}`;
const buckets = (metric: string, labels: string, counts: Readonly<Record<string, string>>): SeriesByName =>
  Object.fromEntries(Object.entries(counts).map(([le, values]) => [`outrigger_${metric}_bucket{${labels}le="${le}"}`, values]));
const slow = { '1': '0+50x30', '2.5': '0+50x30', '5': '0+100x30', '+Inf': '0+100x30' };
const quick = { '1': '0+100x30', '2.5': '0+100x30', '5': '0+100x30', '+Inf': '0+100x30' };
const PROXY = 'job="j", instance="p1", pod="gateway-1"';
const [FIRST, SECOND] = ['job="j", instance="o1", pod="operator-1"', 'job="j", instance="o2", pod="operator-2"'];
const operator = (metric: string, who: string, more = '') => `outrigger_operator_${metric}{${who}${more && `, ${more}`}}`;
/** As Prometheus has it with honorLabels: the namespace is the policy's, the pod the operator's. */
const notReady = (who: string, reason: string) =>
  operator('policy_not_ready', who, `namespace="shop", policy="web", reason="${reason}"`);

/** Unix time of the evaluation for the certificate, s: promtool starts at 0. */
const HALF_TIME = 90 * 60;

export const CASES: Readonly<Record<string, Case>> = {
  OutriggerHighErrorRatio: {
    fires: { [requests(200)]: '0+90x30', [requests(503)]: '0+4x30', [requests('9xx')]: '0+6x30' },
    labels: OF_POLICY,
    summary: 'Policy shop/web answers 10% of its requests with a 5xx',
    quiet: [
      { [requests(200)]: '0+97x30', [requests(503)]: '0+3x30' },
      { [requests(200)]: '0+50x30', [requests(404)]: '0+50x30' },
      { [requests(200)]: '0+90x30', [requests(503)]: '0x27 10 20 30' },
    ],
  },
  OutriggerHighLatency: {
    fires: buckets('first_byte_seconds', `${POLICY}, `, slow),
    labels: OF_POLICY,
    summary: 'One in a hundred requests of shop/web waits 4.95s or longer',
    quiet: [buckets('first_byte_seconds', `${POLICY}, `, quick)],
  },
  OutriggerNoUsableEndpoint: {
    fires: { [of('no_endpoint_total')]: '0+6x30' },
    labels: OF_POLICY,
    summary: 'Requests to shop/web find no usable endpoint',
    quiet: [{ [of('no_endpoint_total')]: '7x30' }],
  },
  OutriggerPolicyNotReady: {
    // The leader changes after 27 minutes; for two minutes no one reports.
    fires: { [notReady(FIRST, 'NoEndpoints')]: '_x20 1x6 _x4', [notReady(SECOND, 'NoEndpoints')]: '_x28 1 1' },
    labels: { ...OF_POLICY, reason: 'NoEndpoints' },
    summary: 'Policy shop/web is not ready: NoEndpoints',
    quiet: [
      // Others are ready, or wait.
      { [operator('policies', FIRST, 'ready="True"')]: '3x30', [operator('policies', FIRST, 'ready="Unknown"')]: '1x30' },
      { [notReady(FIRST, 'NoEndpoints')]: '_x26 1x4' },
      { [notReady(FIRST, 'NoEndpoints')]: '1x25 _x5' },
      { [notReady(FIRST, 'Rejected')]: '1x30' },
    ],
  },
  OutriggerPanic: {
    fires: { [of('panic')]: '1x30', [of('panic').replace('gateway-1', 'gateway-2')]: '0x30' },
    labels: OF_POLICY,
    summary: 'Too few endpoints of shop/web are healthy: all are used',
    quiet: [{ [of('panic')]: '0x30' }, { [of('panic')]: '0x29 1' }],
  },
  OutriggerEndpointsUnhealthy: {
    fires: { [of('endpoint_healthy', 'endpoint="a"')]: '1x30', [of('endpoint_healthy', 'endpoint="b"')]: '0x30' },
    labels: OF_POLICY,
    summary: 'Only 50% of the endpoints of shop/web are healthy',
    quiet: [
      Object.fromEntries(
        ['a', 'b', 'c', 'd'].map((e) => [of('endpoint_healthy', `endpoint="${e}"`), e === 'a' ? '0x30' : '1x30']),
      ),
    ],
  },
  OutriggerEndpointFlapping: {
    fires: { [of('ejections_total', 'endpoint="web-1:80", reason="failure-percent"')]: '0+1x30' },
    labels: { ...OF_POLICY, endpoint: 'web-1:80' },
    summary: 'Endpoint web-1:80 of shop/web was ejected 30 times in half an hour',
    quiet: [
      { [of('ejections_total', 'endpoint="web-1:80", reason="failure-percent"')]: '0x10 1x10 2x10' },
      // One fault, seen by ten proxies.
      Object.fromEntries(
        Array.from({ length: 10 }, (_, i) => [
          `outrigger_ejections_total{namespace="shop", policy="web", endpoint="web-1:80", reason="consecutive-5xx", pod="gateway-${i}"}`,
          '0x10 1x20',
        ]),
      ),
    ],
  },
  OutriggerRetryBudgetExhausted: {
    fires: { [of('retry_budget_exhausted_total')]: '0+5x30', [requests(200)]: '0+100x30' },
    labels: OF_POLICY,
    summary: 'The retry budget of shop/web is used up',
    quiet: [{ [of('retry_budget_exhausted_total')]: '0+5x30', [requests(200)]: '0+1000x30' }],
  },
  OutriggerOverflow: {
    fires: { [of('overflow_total')]: '0+5x30', [requests(503)]: '0+5x30', [requests(200)]: '0+95x30' },
    labels: OF_POLICY,
    summary: '5% of the requests of shop/web exceed its limits',
    quiet: [{ [of('overflow_total')]: '0x30', [requests(200)]: '0+100x30' }],
  },
  OutriggerProxySaturated: {
    fires: { [`outrigger_event_loop_active_seconds_total{${PROXY}}`]: '0+57x30' },
    labels: { pod: 'gateway-1' },
    summary: 'Proxy gateway-1 is busy 95% of the time',
    quiet: [{ [`outrigger_event_loop_active_seconds_total{${PROXY}}`]: '0+48x30' }],
  },
  OutriggerNoLeader: {
    fires: { [operator('leader', FIRST)]: '0x30', [operator('leader', SECOND)]: '0x30' },
    labels: {},
    summary: 'No operator leads',
    quiet: [{ [operator('leader', FIRST)]: '1x14 0x15', [operator('leader', SECOND)]: '0x14 1x15' }],
  },
  OutriggerTwoLeaders: {
    fires: { [operator('leader', FIRST)]: '1x30', [operator('leader', SECOND)]: '1x30' },
    labels: {},
    summary: '2 operators consider themselves the leader',
    quiet: [{ [operator('leader', FIRST)]: '1x30', [operator('leader', SECOND)]: '0x30' }],
  },
  OutriggerProxiesBehind: {
    fires: {
      [operator('proxies', FIRST, 'state="failing"')]: '2x30',
      [operator('proxies', FIRST, 'state="current"')]: '5x30',
      [operator('leader', FIRST)]: '1x30',
    },
    labels: {},
    summary: '2 proxies lack the current snapshot',
    quiet: [
      {
        [operator('proxies', FIRST, 'state="pending"')]: '0x30',
        [operator('proxies', FIRST, 'state="current"')]: '5x30',
        [operator('leader', FIRST)]: '1x30',
        // Metrics of an operator that does not lead are out of date.
        [operator('proxies', SECOND, 'state="pending"')]: '5x30',
        [operator('leader', SECOND)]: '0x30',
      },
    ],
  },
  OutriggerPoliciesPending: {
    fires: {
      [operator('policies', FIRST, 'ready="Unknown"')]: '2x30',
      [operator('policies', FIRST, 'ready="True"')]: '7x30',
      [operator('policies', SECOND, 'ready="Unknown"')]: '0x30',
    },
    labels: {},
    summary: '2 policies wait to become ready',
    quiet: [
      { [operator('policies', FIRST, 'ready="Unknown"')]: '0x16 2x14', [operator('policies', FIRST, 'ready="True"')]: '7x30' },
      // Policies that come one after the other, each of which becomes ready.
      { [operator('policies', FIRST, 'ready="Unknown"')]: '1x10 0 1x10 0 1x8' },
      { [operator('policies', FIRST, 'ready="False"')]: '2x30', [operator('policies', FIRST, 'ready="Unknown"')]: '0x30' },
    ],
  },
  OutriggerProxyWithoutSnapshot: {
    fires: { [`outrigger_snapshot_applied_timestamp_seconds{${PROXY}}`]: '0x30' },
    labels: { job: 'j', instance: 'p1', pod: 'gateway-1' },
    summary: 'Proxy gateway-1 has never received a snapshot',
    quiet: [{ [`outrigger_snapshot_applied_timestamp_seconds{${PROXY}}`]: '1795306600x30' }],
  },
  OutriggerProxyUnattended: {
    fires: { [`outrigger_control_contact_timestamp_seconds{${PROXY}}`]: '0x30' },
    labels: { job: 'j', instance: 'p1', pod: 'gateway-1' },
    summary: 'Proxy gateway-1 has had no contact with an operator for 30m 0s',
    quiet: [{ [`outrigger_control_contact_timestamp_seconds{${PROXY}}`]: '0+60x30' }],
  },
  OutriggerPushesFailing: {
    fires: {
      [operator('pushes_total', FIRST, 'result="failed"')]: '0+2x30',
      [operator('pushes_total', FIRST, 'result="acked"')]: '0+8x30',
    },
    labels: {},
    summary: '20% of pushes fail',
    quiet: [
      {
        // Part of every normal rollout of a new pool.
        [operator('pushes_total', FIRST, 'result="missing"')]: '0+9x30',
        [operator('pushes_total', FIRST, 'result="acked"')]: '0+9x30',
      },
    ],
  },
  OutriggerPropagationSlow: {
    fires: buckets('operator_propagation_seconds', '', { '5': '0+50x30', '10': '0+100x30', '+Inf': '0+100x30' }),
    labels: {},
    summary: 'One change in a hundred takes 9.9s or longer to reach every proxy',
    quiet: [buckets('operator_propagation_seconds', '', { '5': '0+100x30', '10': '0+100x30', '+Inf': '0+100x30' })],
  },
  OutriggerWatchSilent: {
    fires: { [operator('watch_last_event_timestamp_seconds', FIRST, 'kind="Service"')]: '0x30' },
    labels: { pod: 'operator-1', kind: 'Service' },
    summary: 'Operator operator-1 has received nothing about Service for 30m 0s',
    quiet: [{ [operator('watch_last_event_timestamp_seconds', FIRST, 'kind="Service"')]: '0+60x30' }],
  },
  OutriggerClockSkew: {
    fires: { [operator('clock_skew_seconds', FIRST)]: '90x30' },
    labels: {},
    summary: 'A proxy refuses pushes: its clock is 1m 30s off',
    quiet: [{ [operator('clock_skew_seconds', FIRST)]: '1x30' }],
  },
  OutriggerListenerRejected: {
    fires: { [of('listener_rejected', 'port="8080"')]: '1x30' },
    labels: { ...OF_POLICY, port: '8080' },
    summary: 'Port 8080 of shop/web is not served by 1 proxies',
    quiet: [{ [of('listener_rejected', 'port="8080"')]: '_x29 1x1' }],
  },
  OutriggerServiceNotWritten: {
    fires: { [operator('gateway_service_writes_total', FIRST, 'result="failed"')]: '0+1x30' },
    labels: {},
    summary: 'The Service of the gateways cannot be written',
    quiet: [
      {
        [operator('gateway_service_writes_total', FIRST, 'result="failed"')]: '3x30',
        [operator('gateway_service_writes_total', FIRST, 'result="applied"')]: '0+1x30',
      },
    ],
  },
  OutriggerSchemaOutdated: {
    fires: { [operator('crd_outdated', FIRST)]: '1x30', [operator('crd_outdated', SECOND)]: '0x30' },
    labels: {},
    summary: 'The installed LoadBalancerPolicy resource is older than the operator',
    quiet: [{ [operator('crd_outdated', FIRST)]: '0x30' }, { [operator('crd_outdated', FIRST)]: '0x25 1x5' }],
  },
  OutriggerPodsNotInjected: {
    fires: { [operator('pods_not_injected', FIRST)]: '3x30', [operator('pods_not_injected', SECOND)]: '0x30' },
    labels: {},
    summary: '3 Pods ask for a sidecar and run without one',
    quiet: [{ [operator('pods_not_injected', FIRST)]: '0x30' }, { [operator('pods_not_injected', FIRST)]: '0x25 3x5' }],
  },
  OutriggerWebhookCertificateExpiring: {
    fires: { [operator('webhook_certificate_expiry_timestamp_seconds', FIRST)]: `${HALF_TIME + 86_400}x120` },
    labels: {},
    summary: 'The certificate of the webhook expires in 1d 0h 0m 0s',
    quiet: [
      { [operator('webhook_certificate_expiry_timestamp_seconds', FIRST)]: `${HALF_TIME + 30 * 86_400}x120` },
      // Without the webhook.
      { [operator('webhook_certificate_expiry_timestamp_seconds', FIRST)]: '0x120' },
    ],
    minutes: 90,
  },
  OutriggerStrangePushes: {
    fires: { [`outrigger_snapshot_rejected_total{${PROXY}, reason="unauthorized"}`]: '0+6x30' },
    labels: { pod: 'gateway-1' },
    summary: 'Proxy gateway-1 keeps refusing requests to its control port',
    quiet: [{ [`outrigger_snapshot_rejected_total{${PROXY}, reason="stale"}`]: '0+6x30' }],
  },
};
