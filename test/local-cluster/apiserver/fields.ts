/**
 * How the parts of an object merge: which lists are keyed, which maps are one value. Server-side apply and field ownership
 * follow this. Custom resources take it from their schema; built-in kinds from the table below.
 */

/** Keyed lists match items by these fields; a key that an item leaves out has its default. */
export interface ListKeys {
  readonly keys: readonly string[];
  readonly defaults?: Readonly<Record<string, string>>;
}

export interface FieldType {
  /** Always present, even when empty, and therefore never owned itself. */
  readonly fixed: boolean;
  /** `granular`: fields are owned one by one; `atomic`: owned as one value. */
  readonly map: 'granular' | 'atomic';
  readonly list: 'atomic' | 'set' | ListKeys;
  field(name: string): FieldType;
  item(): FieldType;
}

const byName: ListKeys = { keys: ['name'] };
const containerPorts: ListKeys = { keys: ['containerPort', 'protocol'], defaults: { protocol: 'TCP' } };

/** Field names, optionally after the Kind or list that holds them. A list that is not here is atomic. */
const LISTS: Readonly<Record<string, ListKeys | 'set'>> = {
  finalizers: 'set',
  ownerReferences: { keys: ['uid'] },
  conditions: { keys: ['type'] },
  containers: byName,
  initContainers: byName,
  env: byName,
  volumes: byName,
  imagePullSecrets: byName,
  volumeMounts: { keys: ['mountPath'] },
  podIPs: { keys: ['ip'] },
  'containers.ports': containerPorts,
  'initContainers.ports': containerPorts,
  'Service.ports': { keys: ['port', 'protocol'], defaults: { protocol: 'TCP' } },
  'ServiceAccount.secrets': byName,
  'MutatingWebhookConfiguration.webhooks': byName,
  topologySpreadConstraints: { keys: ['topologyKey', 'whenUnsatisfiable'] },
};
const ATOMIC_MAPS = new Set([
  ...['selector', 'labelSelector', 'podSelector', 'namespaceSelector', 'objectSelector', 'nodeSelector'],
  ...['involvedObject', 'regarding', 'source', 'series', 'fieldRef', 'secretKeyRef', 'configMapKeyRef', 'roleRef'],
]);
const FIXED = new Set(['containers', 'metadata', 'spec', 'status', 'template', 'strategy', 'names', 'acceptedNames']);

/** The type of a built-in kind. `owner` is the Kind or the innermost list around the field. */
export function builtInFields(owner: string, name = ''): FieldType {
  return {
    fixed: FIXED.has(name),
    map: ATOMIC_MAPS.has(name) ? 'atomic' : 'granular',
    list: LISTS[`${owner}.${name}`] ?? LISTS[name] ?? 'atomic',
    field: (child) => builtInFields(owner, child),
    item: () => builtInFields(name, ''),
  };
}

/** `metadata` has one shape for every kind. */
export const metadataFields: FieldType = builtInFields('ObjectMeta', 'metadata');
