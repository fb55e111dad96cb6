/** Pods and the pod templates of Deployments: the visible defaults, and the checks that matter here. */
import { asArray, asObject, asString, at, deepEqual, isObject, setDefault, setOwn } from '../json.ts';
import type { JsonObject, KubeObject } from '../json.ts';
import type { Cluster } from '../kinds.ts';
import { fieldError } from '../status.ts';
import type { FieldError } from '../status.ts';
import { checkLabel } from './names.ts';

export function podSpecDefaults(spec: JsonObject): void {
  for (const container of [...asArray(spec['containers']), ...asArray(spec['initContainers'])]) {
    if (!isObject(container)) continue;
    const image = asString(container['image']);
    setDefault(container, 'resources', {});
    setDefault(container, 'terminationMessagePath', '/dev/termination-log');
    setDefault(container, 'terminationMessagePolicy', 'File');
    setDefault(container, 'imagePullPolicy', image.endsWith(':latest') || !image.includes(':') ? 'Always' : 'IfNotPresent');
    for (const port of asArray(container['ports'])) if (isObject(port)) setDefault(port, 'protocol', 'TCP');
  }
  setDefault(spec, 'restartPolicy', 'Always');
  setDefault(spec, 'terminationGracePeriodSeconds', 30);
  setDefault(spec, 'dnsPolicy', 'ClusterFirst');
  setDefault(spec, 'securityContext', {});
  setDefault(spec, 'schedulerName', 'default-scheduler');
}

export function podDefaults(pod: KubeObject): void {
  setDefault(pod, 'spec', {});
  const spec = asObject(pod['spec']);
  podSpecDefaults(spec);
  setDefault(spec, 'enableServiceLinks', true);
  for (const condition of asArray(asObject(pod['status'])['conditions'])) {
    if (!isObject(condition)) continue;
    setDefault(condition, 'lastProbeTime', null);
    setDefault(condition, 'lastTransitionTime', null);
  }
}

const ZONE_LABELS = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region'];

/** A new Pod is Pending; once it is bound it has the zone label of its node. */
export function podPrepare(pod: KubeObject, old: KubeObject | undefined, cluster: Cluster): void {
  const spec = asObject(pod['spec']);
  setDefault(spec, 'serviceAccountName', 'default');
  setDefault(spec, 'serviceAccount', spec['serviceAccountName'] ?? 'default');
  setDefault(spec, 'priority', 0);
  setDefault(spec, 'preemptionPolicy', 'PreemptLowerPriority');
  setDefault(pod, 'status', { phase: 'Pending', qosClass: 'BestEffort' });
  if (asString(at(old, 'spec', 'nodeName')) !== '') return;
  const labels = cluster.store.get('/nodes', asString(spec['nodeName']))?.metadata.labels ?? {};
  const zones = ZONE_LABELS.filter((name) => labels[name] !== undefined).map((name) => [name, labels[name] ?? '']);
  if (zones.length > 0)
    pod.metadata.labels = { ...pod.metadata.labels, ...(Object.fromEntries(zones) as Record<string, string>) };
}

export function podValidate(pod: KubeObject): FieldError[] {
  return checkPodSpec(asObject(pod['spec']), 'spec');
}

export function checkPodSpec(spec: JsonObject, path: string): FieldError[] {
  const containers = asArray(spec['containers']);
  if (containers.length === 0) return [fieldError.required(`${path}.containers`)];
  const names = new Set<string>();
  return containers.flatMap((container, i) => {
    const name = asString(asObject(container)['name']);
    const field = `${path}.containers[${i}].name`;
    if (name === '') return [fieldError.required(field)];
    if (names.has(name)) return [fieldError.duplicate(field, name)];
    names.add(name);
    const image = asString(asObject(container)['image']);
    const noImage = image === '' ? [fieldError.required(`${path}.containers[${i}].image`)] : [];
    return [...checkLabel(name, field), ...noImage];
  });
}

export function deploymentDefaults(deployment: KubeObject): void {
  setDefault(deployment, 'spec', {});
  const spec = asObject(deployment['spec']);
  setDefault(spec, 'replicas', 1);
  setDefault(spec, 'strategy', {});
  const strategy = asObject(spec['strategy']);
  setDefault(strategy, 'type', 'RollingUpdate');
  if (strategy['type'] === 'RollingUpdate') {
    setDefault(strategy, 'rollingUpdate', {});
    setDefault(asObject(strategy['rollingUpdate']), 'maxUnavailable', '25%');
    setDefault(asObject(strategy['rollingUpdate']), 'maxSurge', '25%');
  }
  setDefault(spec, 'revisionHistoryLimit', 10);
  setDefault(spec, 'progressDeadlineSeconds', 600);
  const template = asObject(spec['template']);
  if (isObject(template['spec'])) podSpecDefaults(template['spec']);
}

export function deploymentPrepare(deployment: KubeObject): void {
  setDefault(deployment, 'status', {});
}

export function deploymentValidate(deployment: KubeObject, old: KubeObject | undefined): FieldError[] {
  const spec = asObject(deployment['spec']);
  const selector = spec['selector'];
  const errors = checkPodSpec(asObject(at(spec, 'template', 'spec')), 'spec.template.spec');
  if (!isObject(selector)) return [fieldError.required('spec.selector'), ...errors];
  const labels = asObject(at(spec, 'template', 'metadata', 'labels'));
  const wanted = Object.entries(asObject(selector['matchLabels']));
  if (wanted.some(([name, value]) => labels[name] !== value)) {
    const detail = '`selector` does not match template `labels`';
    errors.push(fieldError.invalid('spec.template.metadata.labels', labels, detail));
  }
  const before = at(old, 'spec', 'selector');
  if (before !== undefined && !deepEqual(before, selector)) {
    errors.push(fieldError.invalid('spec.selector', selector, 'field is immutable'));
  }
  return errors;
}

/** Secrets contain base64; `stringData` accepts plain text. */
export function secretDefaults(secret: KubeObject): void {
  setDefault(secret, 'type', 'Opaque');
  const texts = secret['stringData'];
  if (!isObject(texts)) return;
  const data = { ...asObject(secret['data']) };
  for (const [key, value] of Object.entries(texts)) setOwn(data, key, Buffer.from(asString(value)).toString('base64'));
  secret['data'] = data;
  delete secret['stringData'];
}
