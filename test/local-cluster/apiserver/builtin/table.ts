/** The built-in kinds, one description each. */
import { asObject, setDefault } from '../json.ts';
import type { KubeObject } from '../json.ts';
import { describeKind, selectPath } from '../kinds.ts';
import type { Kind } from '../kinds.ts';
import { crdKind } from '../crd/kind.ts';
import * as columns from './columns.ts';
import * as endpointSlice from './endpointslice.ts';
import * as event from './event.ts';
import { installedKinds } from './installed.ts';
import * as job from './job.ts';
import { knowing, knowingPod } from './knowing.ts';
import * as pod from './pod.ts';
import { podColumns } from './podcolumns.ts';
import * as service from './service.ts';

const SERVICE_SPEC =
  'ports selector clusterIP clusterIPs type externalIPs sessionAffinity loadBalancerIP loadBalancerSourceRanges externalName externalTrafficPolicy healthCheckNodePort publishNotReadyAddresses sessionAffinityConfig ipFamilies ipFamilyPolicy allocateLoadBalancerNodePorts loadBalancerClass internalTrafficPolicy trafficDistribution';
const LEASE_SPEC = 'holderIdentity leaseDurationSeconds acquireTime renewTime leaseTransitions strategy preferredHolder';
const DEPLOYMENT_SPEC = 'replicas selector template strategy minReadySeconds revisionHistoryLimit paused progressDeadlineSeconds';
const EVENT_FIELDS =
  'eventTime series reportingController reportingInstance action reason regarding related note type deprecatedSource deprecatedFirstTimestamp deprecatedLastTimestamp deprecatedCount';
const CORE_EVENT_FIELDS =
  'involvedObject reason message source firstTimestamp lastTimestamp count type eventTime series action related reportingComponent reportingInstance';

function namespaceDefaults(object: KubeObject): void {
  object.metadata.labels = { ...object.metadata.labels, 'kubernetes.io/metadata.name': object.metadata.name };
}

function namespacePrepare(object: KubeObject): void {
  setDefault(object, 'spec', {});
  setDefault(asObject(object['spec']), 'finalizers', ['kubernetes']);
  setDefault(object, 'status', { phase: 'Active' });
}

const NODE_INFO =
  'machineID systemUUID bootID kernelVersion osImage containerRuntimeVersion kubeletVersion kubeProxyVersion operatingSystem architecture'.split(
    ' ',
  );

function nodePrepare(object: KubeObject, old: KubeObject | undefined): void {
  setDefault(
    object,
    'spec',
    old === undefined ? { taints: [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }] } : {},
  );
  setDefault(object, 'status', {});
  const status = asObject(object['status']);
  setDefault(status, 'daemonEndpoints', { kubeletEndpoint: { Port: 0 } });
  setDefault(status, 'nodeInfo', Object.fromEntries(NODE_INFO.map((name) => [name, ''])));
}

const involved = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'];
const selectAll = (prefix: string, names: readonly string[]): Kind['selectable'] =>
  Object.fromEntries(names.map((name) => [`${prefix}.${name}`, selectPath(prefix, name)]));

export const builtInKinds: readonly Kind[] = [
  describeKind({
    ...{ group: '', version: 'v1', kind: 'Namespace', plural: 'namespaces', shortNames: ['ns'], namespaced: false },
    ...{ hasStatus: true, nameRule: 'label', columns: columns.namespaceColumns },
    selectable: { 'status.phase': selectPath('status', 'phase') },
    defaults: namespaceDefaults,
    prepare: namespacePrepare,
    prune: knowing('spec status'),
  }),
  describeKind({
    ...{
      group: '',
      version: 'v1',
      kind: 'Pod',
      plural: 'pods',
      shortNames: ['po'],
      categories: ['all'],
      columns: podColumns,
    },
    ...{ hasStatus: true, hasGeneration: true, returnsDeleted: true },
    selectable: {
      ...selectAll('spec', ['nodeName', 'restartPolicy', 'schedulerName', 'serviceAccountName']),
      ...selectAll('status', ['phase', 'podIP', 'nominatedNodeName']),
    },
    defaults: pod.podDefaults,
    prepare: pod.podPrepare,
    validate: pod.podValidate,
    prune: knowingPod('spec status'),
  }),
  describeKind({
    ...{ group: '', version: 'v1', kind: 'Service', plural: 'services', shortNames: ['svc'], categories: ['all'] },
    ...{ hasStatus: true, returnsDeleted: true, nameRule: 'serviceName', columns: columns.serviceColumns },
    selectable: selectAll('spec', ['clusterIP', 'type']),
    defaults: service.defaults,
    prepare: service.prepare,
    validate: service.validate,
    prune: knowing('spec status', SERVICE_SPEC),
  }),
  describeKind({
    ...{
      group: '',
      version: 'v1',
      kind: 'ConfigMap',
      plural: 'configmaps',
      shortNames: ['cm'],
      columns: columns.configMapColumns,
    },
    prune: knowing('data binaryData immutable'),
  }),
  describeKind({
    ...{ group: '', version: 'v1', kind: 'Secret', plural: 'secrets', columns: columns.secretColumns },
    selectable: { type: selectPath('type') },
    defaults: pod.secretDefaults,
    prune: knowing('data stringData type immutable'),
  }),
  describeKind({
    ...{ group: '', version: 'v1', kind: 'ServiceAccount', plural: 'serviceaccounts', shortNames: ['sa'] },
    ...{ columns: [columns.ageColumn], returnsDeleted: true, unconditionalUpdate: false },
    prune: knowing('secrets imagePullSecrets automountServiceAccountToken'),
  }),
  describeKind({
    ...{ group: '', version: 'v1', kind: 'Node', plural: 'nodes', shortNames: ['no'], namespaced: false, hasStatus: true },
    columns: columns.nodeColumns,
    selectable: { 'spec.unschedulable': selectPath('spec', 'unschedulable') },
    prepare: nodePrepare,
    prune: knowing('spec status'),
  }),
  describeKind({
    ...{ group: '', version: 'v1', kind: 'Event', plural: 'events', shortNames: ['ev'], createOnUpdate: true },
    ...{ columns: columns.eventColumns('involvedObject', 'message') },
    selectable: {
      ...selectAll('involvedObject', involved),
      reason: selectPath('reason'),
      reportingComponent: selectPath('reportingComponent'),
      type: selectPath('type'),
    },
    prepare: event.coreEventPrepare,
    validate: event.coreEventValidate,
    prune: knowing(CORE_EVENT_FIELDS),
  }),
  describeKind({
    ...{ group: 'events.k8s.io', version: 'v1', kind: 'Event', plural: 'events', shortNames: ['ev'], createOnUpdate: true },
    ...{ resource: '/events', columns: columns.eventColumns('regarding', 'note') },
    selectable: {
      ...selectAll('regarding', involved),
      reason: selectPath('reason'),
      reportingController: selectPath('reportingController'),
      type: selectPath('type'),
    },
    prepare: event.eventPrepare,
    validate: event.eventValidate,
    fromStored: event.eventFromStored,
    toStored: event.eventToStored,
    prune: knowing(EVENT_FIELDS),
  }),
  describeKind({
    ...{ group: 'discovery.k8s.io', version: 'v1', kind: 'EndpointSlice', plural: 'endpointslices', hasGeneration: true },
    columns: columns.endpointSliceColumns,
    defaults: endpointSlice.defaults,
    validate: endpointSlice.validate,
    prune: knowing('addressType endpoints ports'),
  }),
  describeKind({
    ...{ group: 'coordination.k8s.io', version: 'v1', kind: 'Lease', plural: 'leases', createOnUpdate: true },
    ...{ columns: columns.leaseColumns, unconditionalUpdate: false },
    prune: knowing('spec', LEASE_SPEC),
  }),
  describeKind({
    ...{ group: 'apps', version: 'v1', kind: 'Deployment', plural: 'deployments', shortNames: ['deploy'], categories: ['all'] },
    ...{ hasStatus: true, hasScale: true, hasGeneration: true, columns: columns.deploymentColumns },
    defaults: pod.deploymentDefaults,
    prepare: pod.deploymentPrepare,
    validate: pod.deploymentValidate,
    prune: knowingPod('spec status', DEPLOYMENT_SPEC),
  }),
  describeKind({
    ...{ group: 'batch', version: 'v1', kind: 'Job', plural: 'jobs', categories: ['all'] },
    ...{ hasStatus: true, hasGeneration: true, columns: job.columns },
    defaults: job.defaults,
    prepare: job.prepare,
    validate: job.validate,
    prune: knowingPod('spec status', job.JOB_SPEC),
  }),
  crdKind,
  ...installedKinds,
];
