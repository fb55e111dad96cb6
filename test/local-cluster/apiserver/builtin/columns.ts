/** The columns of `kubectl get` for built-in kinds. The table adds the Name column. */
import { age } from '../duration.ts';
import { asArray, asObject, asString, at } from '../json.ts';
import type { Json, KubeObject } from '../json.ts';
import type { Column } from '../kinds.ts';

type Cell = (object: KubeObject, now: Date) => string | number | null;

export function column(name: string, value: Cell, description = '', options: { type?: string; priority?: number } = {}): Column {
  return { name, type: options.type ?? 'string', format: '', description, priority: options.priority ?? 0, value };
}

export const ageColumn = column(
  'Age',
  (object, now) => age(object.metadata.creationTimestamp, now),
  'CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata',
);

export function count(value: Json | undefined): number {
  return Array.isArray(value) ? value.length : Object.keys(asObject(value)).length;
}

function joined(values: readonly Json[]): string {
  return values.length === 0
    ? '<none>'
    : values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join(',');
}

function conditionStatus(object: KubeObject, type: string): string {
  const list = asArray(at(object, 'status', 'conditions')).map(asObject);
  return asString(list.find((condition) => condition['type'] === type)?.['status']);
}

export const wide = { priority: 1 };

export const namespaceColumns: readonly Column[] = [
  column('Status', (ns) => asString(at(ns, 'status', 'phase')), 'The status of the namespace'),
  ageColumn,
];

function servicePorts(service: KubeObject): string {
  const ports = asArray(at(service, 'spec', 'ports')).map(asObject);
  return joined(
    ports.map((port) => {
      const node = typeof port['nodePort'] === 'number' ? `:${port['nodePort']}` : '';
      return `${Number(port['port'])}${node}/${asString(port['protocol'])}`;
    }),
  );
}

function pairsText(labels: Json | undefined): string {
  return joined(Object.entries(asObject(labels)).map(([name, value]) => `${name}=${asString(value)}`));
}

export const serviceColumns: readonly Column[] = [
  column('Type', (service) => asString(at(service, 'spec', 'type'))),
  column('Cluster-IP', (service) => asString(at(service, 'spec', 'clusterIP')) || '<none>'),
  column(
    'External-IP',
    (service) => asString(at(service, 'spec', 'externalName')) || joined(asArray(at(service, 'spec', 'externalIPs'))),
  ),
  column('Port(s)', servicePorts),
  ageColumn,
  column('Selector', (service) => pairsText(at(service, 'spec', 'selector')), '', wide),
];

export const endpointSliceColumns: readonly Column[] = [
  column('AddressType', (slice) => asString(slice['addressType'])),
  column('Ports', (slice) => joined(asArray(slice['ports']).map((port) => asObject(port)['port'] ?? null))),
  column('Endpoints', (slice) =>
    joined(asArray(slice['endpoints']).flatMap((endpoint) => asArray(asObject(endpoint)['addresses']))),
  ),
  ageColumn,
];

const number = { type: 'integer' };

function containersOf(deployment: KubeObject, name: 'name' | 'image'): string {
  return joined(asArray(at(deployment, 'spec', 'template', 'spec', 'containers')).map((one) => asObject(one)[name] ?? ''));
}

export const deploymentColumns: readonly Column[] = [
  column(
    'Ready',
    (one) => `${Number(at(one, 'status', 'readyReplicas') ?? 0)}/${Number(at(one, 'spec', 'replicas') ?? 0)}`,
    'Number of the pod with ready state',
  ),
  column(
    'Up-to-date',
    (one) => Number(at(one, 'status', 'updatedReplicas') ?? 0),
    'Total number of non-terminating pods targeted by this deployment that have the desired template spec.',
  ),
  column(
    'Available',
    (one) => Number(at(one, 'status', 'availableReplicas') ?? 0),
    'Total number of available non-terminating pods (ready for at least minReadySeconds) targeted by this deployment.',
  ),
  ageColumn,
  column('Containers', (one) => containersOf(one, 'name'), 'Names of each container in the template.', wide),
  column('Images', (one) => containersOf(one, 'image'), 'Images referenced by each container in the template.', wide),
  column(
    'Selector',
    (one) => pairsText(at(one, 'spec', 'selector', 'matchLabels')),
    "Label selector for pods. Existing ReplicaSets whose pods are selected by this will be the ones affected by this deployment. It must match the pod template's labels.",
    wide,
  ),
];
export const configMapColumns: readonly Column[] = [
  column(
    'Data',
    (map) => count(map['data']),
    "Data contains the configuration data. Each key must consist of alphanumeric characters, '-', '_' or '.'. Values with non-UTF-8 byte sequences must use the BinaryData field. The keys stored in Data must not overlap with the keys in the BinaryData field, this is enforced during validation process.",
  ),
  ageColumn,
];
export const bindingColumns: readonly Column[] = [
  column('Role', (one) => `${asString(at(one, 'roleRef', 'kind'))}/${asString(at(one, 'roleRef', 'name'))}`),
  ageColumn,
];
export const webhookColumns: readonly Column[] = [column('Webhooks', (one) => count(one['webhooks']), '', number), ageColumn];
export const secretColumns: readonly Column[] = [
  column('Type', (secret) => asString(secret['type'])),
  column('Data', (secret) => count(secret['data']), '', number),
  ageColumn,
];
export const nodeColumns: readonly Column[] = [
  column('Status', (node) =>
    conditionStatus(node, 'Ready') === 'True' ? 'Ready' : conditionStatus(node, 'Ready') ? 'NotReady' : 'Unknown',
  ),
  column('Roles', () => '<none>'),
  ageColumn,
  column('Version', (node) => asString(at(node, 'status', 'nodeInfo', 'kubeletVersion'))),
];
export const leaseColumns: readonly Column[] = [
  column('Holder', (lease) => asString(at(lease, 'spec', 'holderIdentity'))),
  ageColumn,
];
export const crdColumns: readonly Column[] = [
  column('Created At', (crd) => crd.metadata.creationTimestamp, '', { type: 'date' }),
];

/** Events in either version; `about` is the field with the object concerned. */
export function eventColumns(about: 'involvedObject' | 'regarding', text: 'message' | 'note'): readonly Column[] {
  const seen = (event: KubeObject): string =>
    asString(event['lastTimestamp']) || asString(event['eventTime']) || event.metadata.creationTimestamp;
  const object = (event: KubeObject): string => {
    const { kind, name } = asObject(event[about]);
    return `${asString(kind).toLowerCase()}/${asString(name)}`;
  };
  return [
    column('Last Seen', (event, now) => age(seen(event), now)),
    column('Type', (event) => asString(event['type'])),
    column('Reason', (event) => asString(event['reason'])),
    column('Object', object),
    column('Message', (event) => asString(event[text]).trim()),
  ];
}
