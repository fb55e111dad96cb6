/** How changes come to proxies: operator, pushes, watches, and what proxies have. */
import { PROXY_VARIABLE, UIDS, ours, quantile, rate, sum } from './common.ts';
import type { Dashboard, Section } from './model.ts';

/** Operators have their own variable: a pod chosen on another dashboard is a proxy. */
const OPERATOR = 'pod=~"$operator"';
const PROXY = 'pod=~"$pod"';
const LEADING = `outrigger_operator_leader{${OPERATOR}}`;
/** Only who leads pushes; what others say of proxies is old. */
const leaders = (metric: string) => `${metric}{${OPERATOR}} and on (job, instance) ${LEADING} == 1`;
const BUILD = `outrigger_operator_build_info{${OPERATOR}}`;
const silence = `time() - max by (pod, kind) (outrigger_operator_watch_last_event_timestamp_seconds{${OPERATOR}})`;
const propagation = (q: number) => quantile(q, '', 'outrigger_operator_propagation_seconds', OPERATOR);

const glance: Section = {
  title: 'At a glance',
  panels: [
    {
      ...{ kind: 'stat', title: 'Leaders', unit: 'short', width: 4, query: `sum(${LEADING})` },
      description: 'Operators that hold the Lease: one, except for moments while it changes hands.',
      thresholds: [
        [0, 'red'],
        [1, 'green'],
        [2, 'red'],
      ],
    },
    {
      ...{ kind: 'stat', title: 'Proxies up to date', unit: 'percentunit', width: 5 },
      description: 'The share of proxies that have the snapshot they should, as the leader knows it.',
      query: `sum(${leaders('outrigger_operator_proxies')} and outrigger_operator_proxies{state="current"}) / (sum(${leaders('outrigger_operator_proxies')}) > 0)`,
      thresholds: [
        [0, 'red'],
        [0.5, 'yellow'],
        [1, 'green'],
      ],
    },
    {
      ...{ kind: 'stat', title: 'Propagation (p99)', unit: 's', width: 5, query: propagation(0.99) },
      description: 'From the first sight of a change until every Ready proxy has acknowledged it; 99 of 100 changes take less.',
      thresholds: [
        [0, 'green'],
        [1, 'yellow'],
        [5, 'red'],
      ],
    },
    {
      ...{ kind: 'stat', title: 'Longest silence of a watch', unit: 's', width: 5, query: `max(${silence})` },
      description:
        'Since the API server was last heard of some kind. It speaks at least once a minute or so, even when nothing changes.',
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
        'The largest difference between a proxy and the operator, as far as proxies refuse pushes for it; 0 while none does.',
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
      description: 'Which operator held the Lease when.',
      queries: [{ expr: `max by (pod) (${LEADING})`, legend: '{{pod}}' }],
      names: { 0: { text: 'standby', colour: 'text' }, 1: { text: 'leader', colour: 'green' } },
    },
    {
      ...{ kind: 'series', title: 'Epoch', unit: 'none', width: 12, height: 6 },
      description: 'Of the last term of each operator. It only rises; proxies refuse whoever comes with a lower one.',
      queries: [{ expr: `max by (pod) (outrigger_operator_epoch{${OPERATOR}})`, legend: '{{pod}}' }],
    },
  ],
};

const pushing: Section = {
  title: 'From a change to every proxy',
  panels: [
    {
      ...{ kind: 'series', title: 'Propagation', unit: 's' },
      description: 'From the first sight of a change until every Ready proxy has acknowledged it.',
      queries: [0.5, 0.99].map((q) => ({ expr: propagation(q), legend: `p${q * 100}` })),
    },
    {
      ...{ kind: 'series', title: 'Pushes by result', unit: 'ops' },
      description:
        'acked is good. missing is mended by the next push; stale and conflict tell of another operator; unauthorized of keys or clocks; invalid and failed of versions or the network.',
      queries: [{ expr: sum('result', rate('outrigger_operator_pushes_total', OPERATOR)), legend: '{{result}}' }],
    },
    {
      ...{ kind: 'series', title: 'Proxies by state', unit: 'short', stacked: true },
      description: 'As the leader knows them: current has what it should, pending is yet to get it, failing failed lately.',
      queries: [{ expr: `sum by (state) (${leaders('outrigger_operator_proxies')})`, legend: '{{state}}' }],
    },
    {
      ...{ kind: 'series', title: 'Reconciliation', unit: 's' },
      description: 'Time to translate everything, and to hand it over. It is the operator computing, without network.',
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
      description: 'The largest difference between a proxy and each operator, as far as proxies refuse pushes for it.',
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
        'Since the API server was last heard: a list, an event or a bookmark. A line that only rises is a watch that hangs.',
    },
    {
      ...{ kind: 'series', title: 'Failed lists and watches', unit: 'ops', width: 12 },
      description: 'Lists and watches that failed and were tried again. Meanwhile the last known state stays in force.',
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
      description: 'By result. It is written when listeners come and go; failed ones are tried again.',
      queries: [{ expr: sum('result', rate('outrigger_operator_gateway_service_writes_total', OPERATOR)), legend: '{{result}}' }],
    },
    {
      ...{ kind: 'series', title: 'Injection of sidecars', unit: 'ops', width: 9 },
      description: 'Pods that the webhook was asked about, by what it answered. refused: the Pod asks for what can not be.',
      queries: [{ expr: sum('result', rate('outrigger_operator_injections_total', OPERATOR)), legend: '{{result}}' }],
    },
    {
      ...{ kind: 'stat', title: 'Pods without their sidecar', unit: 'short', width: 3, height: 8 },
      description: 'Pods that ask for a sidecar and run without one: created while the webhook could not be asked. Delete them.',
      query: `max(outrigger_operator_pods_not_injected{${OPERATOR}})`,
      thresholds: [
        [0, 'green'],
        [1, 'yellow'],
      ],
    },
    {
      ...{ kind: 'stat', title: 'Installed schema', unit: 'none', width: 3, height: 8 },
      description:
        'Whether the LoadBalancerPolicy resource in the cluster is older than the operator: newer fields are pruned then.',
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
  title: 'What proxies have',
  panels: [
    {
      ...{ kind: 'series', title: 'Age of the snapshot', unit: 's' },
      description:
        'Since a proxy last took a new snapshot. Old is good where nothing changes; proxies that differ are the question.',
      queries: [
        {
          expr: `time() - max by (namespace, pod) (outrigger_snapshot_applied_timestamp_seconds{${PROXY}} > 0)`,
          legend: '{{namespace}}/{{pod}}',
        },
      ],
    },
    {
      ...{ kind: 'series', title: 'Silence of the operator', unit: 's' },
      description: 'Since an operator last spoke to a proxy. It asks each one about every 30 s.',
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
        'Proxies by epoch and sequence of what they serve. Proxies with other policies have other sequences; each step is a rollout.',
      queries: [{ expr: `count by (epoch, sequence) (outrigger_snapshot_info{${PROXY}})`, legend: '{{epoch}}.{{sequence}}' }],
    },
    {
      ...{ kind: 'series', title: 'Refused by proxies, by reason', unit: 'ops', width: 12 },
      description: 'Pushes and questions that proxies did not accept. unauthorized from nowhere is somebody who tries.',
      queries: [{ expr: sum('reason', rate('outrigger_snapshot_rejected_total', PROXY)), legend: '{{reason}}' }],
    },
    {
      ...{ kind: 'series', title: 'Listeners that can not be served', unit: 'short', width: 12 },
      description: 'Ports that a proxy could not bind, or that are not possible for it; the status of the policy says why.',
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
  title: 'The operator as a process',
  panels: [
    {
      ...{ kind: 'series', title: 'Event loop at work', unit: 'percentunit', max: 1 },
      description: 'Near 100% the operator is too slow for what changes in the cluster.',
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
      description: 'What runs, and how many of each: more than one version outside an upgrade is one that was forgotten.',
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
