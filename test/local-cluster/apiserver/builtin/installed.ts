/** Kinds that charts create: roles and bindings, disruption budgets, autoscalers, network policies, webhooks. */
import { asArray, asObject, asString, at, deepEqual, isObject, setDefault } from '../json.ts';
import type { KubeObject } from '../json.ts';
import { describeKind } from '../kinds.ts';
import type { Kind } from '../kinds.ts';
import { fieldError } from '../status.ts';
import type { FieldError } from '../status.ts';
import * as columns from './columns.ts';
import { knowing } from './knowing.ts';
import * as webhook from './webhook.ts';

const RBAC = 'rbac.authorization.k8s.io';
const PDB_SPEC = 'minAvailable maxUnavailable selector unhealthyPodEvictionPolicy';
const HPA_SPEC = 'scaleTargetRef minReplicas maxReplicas metrics behavior';
const NETWORK_POLICY_SPEC = 'podSelector ingress egress policyTypes';
const age = [columns.ageColumn];

function bindingDefaults(binding: KubeObject): void {
  if (isObject(binding['roleRef'])) setDefault(binding['roleRef'], 'apiGroup', RBAC);
}

function bindingValidate(binding: KubeObject, old: KubeObject | undefined): FieldError[] {
  const { roleRef, subjects } = binding;
  if (old !== undefined && !deepEqual(old['roleRef'], roleRef)) {
    return [fieldError.invalid('roleRef', roleRef ?? null, 'cannot change roleRef')];
  }
  const roles = binding.kind === 'ClusterRoleBinding' ? ['ClusterRole'] : ['ClusterRole', 'Role'];
  const kind = asString(at(roleRef, 'kind'));
  return [
    ...(roles.includes(kind) ? [] : [fieldError.notSupported('roleRef.kind', kind, roles)]),
    ...(asString(at(roleRef, 'name')) === '' ? [fieldError.required('roleRef.name')] : []),
    ...asArray(subjects).flatMap((subject, i) => {
      const needs = at(subject, 'kind') === 'ServiceAccount' && asString(at(subject, 'namespace')) === '';
      return needs ? [fieldError.required(`subjects[${i}].namespace`)] : [];
    }),
  ];
}

function rulesValidate(role: KubeObject): FieldError[] {
  return asArray(role['rules']).flatMap((rule, i) => {
    const empty = (name: string): boolean => asArray(at(rule, name)).length === 0;
    const path = `rules[${i}]`;
    if (empty('verbs')) return [fieldError.required(`${path}.verbs`, 'verbs must contain at least one value')];
    if (!empty('nonResourceURLs')) return [];
    if (empty('apiGroups'))
      return [fieldError.required(`${path}.apiGroups`, 'resource rules must supply at least one api group')];
    return empty('resources')
      ? [fieldError.required(`${path}.resources`, 'resource rules must supply at least one resource')]
      : [];
  });
}

function networkPolicyDefaults(policy: KubeObject): void {
  const spec = asObject(policy['spec']);
  setDefault(spec, 'policyTypes', spec['egress'] === undefined ? ['Ingress'] : ['Ingress', 'Egress']);
  for (const rule of [...asArray(spec['ingress']), ...asArray(spec['egress'])]) {
    for (const port of asArray(at(rule, 'ports'))) if (isObject(port)) setDefault(port, 'protocol', 'TCP');
  }
}

const role = { group: RBAC, version: 'v1', nameRule: 'any', columns: age, validate: rulesValidate } as const;
const binding = {
  group: RBAC,
  version: 'v1',
  nameRule: 'any',
  columns: columns.bindingColumns,
  ...{ defaults: bindingDefaults, validate: bindingValidate, prune: knowing('subjects roleRef') },
} as const;

const status = { hasStatus: true, hasGeneration: true, prepare: (object: KubeObject) => setDefault(object, 'status', {}) };

export const installedKinds: readonly Kind[] = [
  describeKind({ ...role, kind: 'Role', plural: 'roles', prune: knowing('rules') }),
  describeKind({
    ...role,
    kind: 'ClusterRole',
    plural: 'clusterroles',
    namespaced: false,
    prune: knowing('rules aggregationRule'),
  }),
  describeKind({ ...binding, kind: 'RoleBinding', plural: 'rolebindings' }),
  describeKind({ ...binding, kind: 'ClusterRoleBinding', plural: 'clusterrolebindings', namespaced: false }),
  // None are created here, but clients that read the progress of a Deployment list them.
  describeKind({
    ...{ group: 'apps', version: 'v1', kind: 'ReplicaSet', plural: 'replicasets', shortNames: ['rs'], categories: ['all'] },
    ...status,
    columns: age,
    prune: knowing('spec status', 'replicas minReadySeconds selector template'),
  }),
  describeKind({
    ...{ group: 'policy', version: 'v1', kind: 'PodDisruptionBudget', plural: 'poddisruptionbudgets', shortNames: ['pdb'] },
    ...status,
    columns: age,
    prune: knowing('spec status', PDB_SPEC),
  }),
  describeKind({
    ...{ group: 'autoscaling', version: 'v2', kind: 'HorizontalPodAutoscaler', plural: 'horizontalpodautoscalers' },
    ...{ shortNames: ['hpa'], categories: ['all'], ...status, hasGeneration: false },
    columns: age,
    prune: knowing('spec status', HPA_SPEC),
  }),
  describeKind({
    ...{ group: 'networking.k8s.io', version: 'v1', kind: 'NetworkPolicy', plural: 'networkpolicies', shortNames: ['netpol'] },
    ...{ hasGeneration: true, columns: age, defaults: networkPolicyDefaults },
    prune: knowing('spec', NETWORK_POLICY_SPEC),
  }),
  describeKind({
    ...{ group: 'admissionregistration.k8s.io', version: 'v1', namespaced: false, hasGeneration: true },
    ...{ kind: 'MutatingWebhookConfiguration', plural: 'mutatingwebhookconfigurations', columns: columns.webhookColumns },
    ...{ defaults: webhook.defaults, validate: webhook.validate },
    prune: knowing('webhooks'),
  }),
];
