/** How changes reach proxies: operator, pushes, watches, and the snapshots of proxies. */
import { PROXY_VARIABLE, UIDS, ours, quantile, rate, sum } from './common.ts';
import type { Dashboard, Section } from './model.ts';

/** Operators have a variable of their own: a pod selected on another dashboard is a proxy. */
const OPERATOR = 'pod=~"$operator"';
const PROXY = 'pod=~"$pod"';
const LEADING = `outrigger_operator_leader{${OPERATOR}}`;
/** Only the leader pushes; what other operators report about proxies is outdated. */
const leaders = (metric: string) => `${metric}{${OPERATOR}} and on (job, instance) ${LEADING} == 1`;
const BUILD = `outrigger_operator_build_info{${OPERATOR}}`;
const silence = `time() - max by (pod, kind) (outrigger_operator_watch_last_event_timestamp_seconds{${OPERATOR}})`;
const propagation = (q: number) => quantile(q, '', 'outrigger_operator_propagation_seconds', OPERATOR);

const glance: Section = {
  title: 'At a glance',
  panels: [
    {
      ...{ kind: 'stat', title: 'Leaders', unit: 'short', width: 4, query: `sum(${LEADING})` },
      description: 'Operators that hold the Lease: one, except for a moment while the leader changes.',
      thresholds: [
        [0, 'red'],
        [1, 'green'],
        [2, 'red'],
      ],
    },
    {
      ...{ kind: 'stat', title: 'Proxies up to date', unit: 'percentunit', width: 5 },
      description: 'The share of proxies that have their current snapshot, according to the leader.',
      query: `sum(${leaders('outrigger_operator_proxies')} and outrigger_operator_proxies{state="current"}) / (sum(${leaders('outrigger_operator_proxies')}) > 0)`,
      thresholds: [
        [0, 'red'],
        [0.5, 'yellow'],
        [1, 'green'],
      ],
    },
    {
      ...{ kind: 'stat', title: 'Propagation (p99)', unit: 's', width: 5, query: propagation(0.99) },
      description: 'From when a change is seen until every Ready proxy has acknowledged it; 99 of 100 changes take less.',
      thresholds: [
        [0, 'green'],
        [1, 'yellow'],
        [5, 'red'],
      ],
    },
    {
      ...{ kind: 'stat', title: 'Longest silence of a watch', unit: 's', width: 5, query: `max(${silence})` },
      description:
        'Time since the API server last sent something about a kind. It does at least about once a minute, even when nothing changes.',
      thresholds: [
        [0, 'green'],
        [180, 'yellow'],
        [600, 'red'],
      ],
    },
    {
      ...{
        kind: 'stat',
        title: 'Clock skew',
        unit: 's',
        width: 5,
        query: `max(outrigger_operator_clock_skew_seconds{${OPERATOR}})`,
      },
      description:
        'The largest clock difference between the operator and a proxy that refuses pushes because of it; 0 while none does.',
      thresholds: [
        [0, 'green'],
        [1, 'red'],
      ],
    },
  ],
};

const leading: Section = {
  title: 'Leading',
  panels: [
    {
      ...{ kind: 'states', title: 'Leader', unit: 'short', width: 12, height: 6 },
      description: 'Which operator held the Lease, over time.',
      queries: [{ expr: `max by (pod) (${LEADING})`, legend: '{{pod}}' }],
      names: { 0: { text: 'standby', colour: 'text' }, 1: { text: 'leader', colour: 'green' } },
    },
    {
      ...{ kind: 'series', title: 'Epoch', unit: 'none', width: 12, height: 6 },
      description: 'Epoch of the last term of each operator as leader. It only rises; proxies refuse pushes with a lower one.',
      queries: [{ expr: `max by (pod) (outrigger_operator_epoch{${OPERATOR}})`, legend: '{{pod}}' }],
    },
  ],
};

const pushing: Section = {
  title: 'From a change to every proxy',
  panels: [
    {
      ...{ kind: 'series', title: 'Propagation', unit: 's' },
      description: 'From when a change is seen until every Ready proxy has acknowledged it.',
      queries: [0.5, 0.99].map((q) => ({ expr: propagation(q), legend: `p${q * 100}` })),
    },
    {
      ...{ kind: 'series', title: 'Pushes by result', unit: 'ops' },
      description:
        'acked is good. missing is repaired by the next push. stale and conflict point to another operator, unauthorized to keys or clocks, invalid and failed to versions or the network.',
      queries: [{ expr: sum('result', rate('outrigger_operator_pushes_total', OPERATOR)), legend: '{{result}}' }],
    },
    {
      ...{ kind: 'series', title: 'Proxies by state', unit: 'short', stacked: true },
      description:
        'According to the leader: current has its snapshot, pending does not have it yet, failing failed the last exchange.',
      queries: [{ expr: `sum by (state) (${leaders('outrigger_operator_proxies')})`, legend: '{{state}}' }],
    },
    {
      ...{ kind: 'series', title: 'Reconciliation', unit: 's' },
      description: 'Time to translate everything and hand it to push and status: computation in the operator, without network.',
      queries: [0.5, 0.99].map((q) => ({
        expr: quantile(q, '', 'outrigger_operator_reconcile_duration_seconds', OPERATOR),
        legend: `p${q * 100}`,
      })),
    },
    {
      ...{ kind: 'series', title: 'Reconciliations', unit: 'ops' },
      description: 'At most ten per second, whatever happens in the cluster.',
      queries: [{ expr: sum('pod', rate('outrigger_operator_reconcile_duration_seconds_count', OPERATOR)), legend: '{{pod}}' }],
    },
    {
      ...{ kind: 'series', title: 'Clock skew', unit: 's' },
      description: 'The largest clock difference between each operator and a proxy that refuses pushes because of it.',
      queries: [{ expr: `max by (pod) (outrigger_operator_clock_skew_seconds{${OPERATOR}})`, legend: '{{pod}}' }],
    },
  ],
};

const watching: Section = {
  title: 'Watching the API server',
  panels: [
    {
      ...{
        kind: 'series',
        title: 'Silence by kind',
        unit: 's',
        width: 12,
        queries: [{ expr: silence, legend: '{{pod}} {{kind}}' }],
      },
      description:
        'Time since the API server last sent something: a list, an event or a bookmark. A line that only rises is a watch that hangs.',
    },
    {
      ...{ kind: 'series', title: 'Failed lists and watches', unit: 'ops', width: 12 },
      description: 'Lists and watches that failed and were retried. Meanwhile the last known state stays in force.',
      queries: [
        { expr: sum('pod, kind', rate('outrigger_operator_watch_restarts_total', OPERATOR)), legend: '{{pod}} {{kind}}' },
      ],
    },
  ],
};

const owned: Section = {
  title: 'What the operator owns',
  panels: [
    {
      ...{ kind: 'series', title: "Writes of the gateways' Service", unit: 'ops', width: 9 },
      description: 'Writes by result. The Service is written when listeners come and go; failed writes are retried.',
      queries: [{ expr: sum('result', rate('outrigger_operator_gateway_service_writes_total', OPERATOR)), legend: '{{result}}' }],
    },
    {
      ...{ kind: 'series', title: 'Injection of sidecars', unit: 'ops', width: 9 },
      description: 'Pods that the webhook reviewed, by result. refused: the Pod asks for a sidecar that it cannot have.',
      queries: [{ expr: sum('result', rate('outrigger_operator_injections_total', OPERATOR)), legend: '{{result}}' }],
    },
    {
      ...{ kind: 'stat', title: 'Pods without their sidecar', unit: 'short', width: 3, height: 8 },
      description: 'Pods that ask for a sidecar and run without one: created while the webhook was not available. Delete them.',
      query: `max(outrigger_operator_pods_not_injected{${OPERATOR}})`,
      thresholds: [
        [0, 'green'],
        [1, 'yellow'],
      ],
    },
    {
      ...{ kind: 'stat', title: 'Installed schema', unit: 'none', width: 3, height: 8 },
      description:
        'Whether the CustomResourceDefinition in the cluster is older than the operator; if so, newer fields are pruned.',
      query: `max(outrigger_operator_crd_outdated{${OPERATOR}})`,
      names: { 0: 'up to date', 1: 'outdated' },
      thresholds: [
        [0, 'green'],
        [1, 'yellow'],
      ],
    },
  ],
};

const proxies: Section = {
  title: 'Snapshots of proxies',
  panels: [
    {
      ...{ kind: 'series', title: 'Age of the snapshot', unit: 's' },
      description:
        'Time since a proxy last applied a new snapshot. It may be long where nothing changes; look for proxies that differ.',
      queries: [
        {
          expr: `time() - max by (namespace, pod) (outrigger_snapshot_applied_timestamp_seconds{${PROXY}} > 0)`,
          legend: '{{namespace}}/{{pod}}',
        },
      ],
    },
    {
      ...{ kind: 'series', title: 'Time since contact with an operator', unit: 's' },
      description: 'Time since the last valid request of an operator to each proxy. It requests the status about every 30 s.',
      queries: [
        {
          expr: `time() - max by (namespace, pod) (outrigger_control_contact_timestamp_seconds{${PROXY}})`,
          legend: '{{namespace}}/{{pod}}',
        },
      ],
    },
    {
      ...{ kind: 'series', title: 'Snapshots in force', unit: 'short', stacked: true },
      description:
        'Proxies by epoch and sequence of their snapshot. Proxies with other policies have other sequences; each step is a rollout.',
      queries: [{ expr: `count by (epoch, sequence) (outrigger_snapshot_info{${PROXY}})`, legend: '{{epoch}}.{{sequence}}' }],
    },
    {
      ...{ kind: 'series', title: 'Refused by proxies, by reason', unit: 'ops', width: 12 },
      description: 'Pushes and status requests that proxies refused. unauthorized while pushes succeed comes from someone else.',
      queries: [{ expr: sum('reason', rate('outrigger_snapshot_rejected_total', PROXY)), legend: '{{reason}}' }],
    },
    {
      ...{ kind: 'series', title: 'Listeners that cannot be served', unit: 'short', width: 12 },
      description: 'Ports that a proxy cannot bind, or policies that it cannot serve on them; the status of the policy says why.',
      queries: [
        {
          expr: `sum by (pod) (outrigger_listener_rejected{${PROXY}}) or 0 * max by (pod) (outrigger_build_info{${PROXY}})`,
          legend: '{{pod}}',
        },
      ],
    },
  ],
};

const processes: Section = {
  title: 'Operator processes',
  panels: [
    {
      ...{ kind: 'series', title: 'Event loop utilization', unit: 'percentunit', max: 1 },
      description: 'Near 100% the operator is too slow for the changes in the cluster.',
      queries: [{ expr: sum('pod', rate('outrigger_operator_event_loop_active_seconds_total', OPERATOR)), legend: '{{pod}}' }],
    },
    {
      ...{ kind: 'series', title: 'CPU', unit: 'percentunit' },
      description: 'CPU time per second; 100% is one CPU.',
      queries: [{ expr: sum('pod', ours('rate(process_cpu_seconds_total[$__rate_interval])', BUILD)), legend: '{{pod}}' }],
    },
    {
      ...{ kind: 'series', title: 'Memory', unit: 'bytes' },
      description: 'Resident memory. It grows with the Pods and endpoints of the cluster.',
      queries: [
        { expr: sum('pod', ours('process_resident_memory_bytes', BUILD)), legend: '{{pod}}' },
        { expr: sum('pod', ours('nodejs_heap_size_used_bytes', BUILD)), legend: '{{pod}} heap' },
      ],
    },
    {
      ...{ kind: 'table', title: 'Versions', unit: 'none', width: 24, height: 5 },
      description:
        'Versions, with the number of processes of each. More than one outside of an upgrade means that some were forgotten.',
      labels: { version: 'Version', node: 'Node.js' },
      columns: [
        { legend: 'Operators', unit: 'none', expr: `count by (version, node) (${BUILD})` },
        { legend: 'Proxies', unit: 'none', expr: `count by (version, node) (outrigger_build_info{${PROXY}})` },
      ],
    },
  ],
};

export const controlPlane: Dashboard = {
  uid: UIDS.control,
  title: 'Outrigger / Control plane',
  description: 'Leader, watches, pushes and propagation, and the snapshots that proxies have.',
  variables: [
    {
      name: 'operator',
      label: 'Operator',
      description: 'Pods of the operator.',
      query: 'label_values(outrigger_operator_leader, pod)',
    },
    PROXY_VARIABLE,
  ],
  sections: [glance, leading, pushing, watching, owned, proxies, processes],
};
