import { parseAllDocuments, Document, visit } from 'yaml';
import type { YAMLMap } from 'yaml';
import { MAINTENANCE_ANNOTATION, PROXY_LABEL, WEIGHT_ANNOTATION, ZONE_LABEL } from '../../operator/api/labels.ts';
import type { EndpointSlice, KubernetesObject, Pod, PodMetadata, Service } from '../../operator/api/kubernetes.ts';
import type { LoadBalancerPolicy } from '../../operator/api/policy.gen.ts';
import { parseGatewayConfig } from '../../operator/service/gateway-config.ts';
import type { Allowed } from '../../operator/translate/gateway-allowance.ts';
import type { Inventory, SnapshotContent, Translation, Verdict } from '../../operator/translate/types.ts';

const GATEWAY_CONFIG = 'GatewayConfig';

/**
 * Kubernetes objects as YAML documents → the operator's inventory. Missing members of the metadata are added: namespace `default`, uid
 * `KIND-NAME`, generation 1, created on 2026-01-01. As in the operator's watches, Pods with Outrigger's annotations are kept as metadata,
 * Pods with the proxy label as a whole.
 */
export function readInventory(text: string): Inventory {
  const policies = new Map<string, LoadBalancerPolicy>();
  const services = new Map<string, Service>();
  const endpointSlices = new Map<string, EndpointSlice>();
  const annotatedPods = new Map<string, PodMetadata>();
  const proxyPods = new Map<string, Pod>();
  const nodeZones = new Map<string, string>();
  const documents = parseAllDocuments(text).map((document) => document.toJS() as KubernetesObject);
  for (const object of documents.filter(({ kind }) => kind !== GATEWAY_CONFIG).map(withDefaults)) {
    const { kind, metadata } = object;
    const key = `${metadata.namespace}/${metadata.name}`;
    if (kind === 'LoadBalancerPolicy') policies.set(key, object as LoadBalancerPolicy);
    else if (kind === 'Service') services.set(key, object as Service);
    else if (kind === 'EndpointSlice') endpointSlices.set(key, object as EndpointSlice);
    else if (kind === 'Node') readZone(object, nodeZones);
    else if (kind !== 'Pod') throw new Error(`unsupported kind ${kind}`);
    if (kind !== 'Pod') continue;
    if (metadata.labels?.[PROXY_LABEL] !== undefined) proxyPods.set(key, object as Pod);
    const { annotations = {} } = metadata;
    if (WEIGHT_ANNOTATION in annotations || MAINTENANCE_ANNOTATION in annotations) annotatedPods.set(key, { metadata });
  }
  return { policies, services, endpointSlices, annotatedPods, proxyPods, nodeZones, terminatingNamespaces: new Map() };
}

/** `allowed` of the document of kind GatewayConfig, parsed as the operator parses its `--gateway-config`. */
export function readAllowed(text: string): Allowed {
  const config = parseAllDocuments(text)
    .map((document) => document.toJS() as { kind?: string; allowed?: object })
    .find(({ kind }) => kind === GATEWAY_CONFIG);
  const service = { name: 'outrigger-gateway', selector: { app: 'gateway' } };
  const read = parseGatewayConfig(JSON.stringify({ deployment: 'outrigger-gateway', service, allowed: config?.allowed ?? {} }));
  if ('errors' in read) throw new Error(read.errors.join('\n'));
  return read.allowed;
}

/** Adds the zone of a Node, if it has one. */
function readZone({ metadata }: KubernetesObject, zones: Map<string, string>): void {
  const zone = metadata.labels?.[ZONE_LABEL];
  if (zone !== undefined) zones.set(metadata.name, zone);
}

function withDefaults(object: KubernetesObject): KubernetesObject {
  const { kind = '', metadata } = object;
  const filled = {
    namespace: 'default',
    uid: `${kind.toLowerCase()}-${metadata.name}`,
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: '2026-01-01T00:00:00Z',
  };
  return { ...object, metadata: { ...filled, ...metadata } };
}

/** A translation as one readable YAML document, with endpoints, proxies and short objects on one line each. */
export function formatTranslation(translation: Translation): string {
  const selections = [...translation.contents].map(([selection, content]) => ({
    selection,
    proxies: translation.proxies.filter((proxy) => proxy.selection === selection).map(({ name }) => name),
    ...plainContent(content),
  }));
  const verdicts = [...translation.verdicts.values()].map(withoutCommonest);
  // When a proxy started matters only while it is not Ready.
  const proxies = translation.proxies.map(({ started, ...proxy }) => (proxy.ready ? proxy : { ...proxy, started }));
  const document = new Document({ verdicts, proxies, snapshots: selections });
  visit(document, {
    Map(_key, node) {
      if (isShort(node)) node.flow = true;
    },
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: true });
}

function plainContent({ listeners, pools, parts, generations }: SnapshotContent): object {
  return { generations: Object.fromEntries(generations), listeners, pools, parts: Object.fromEntries(parts) };
}

/** Endpoints, proxies, and what has only scalars. Conditions are more readable on several lines. */
function isShort(map: YAMLMap): boolean {
  if (map.has('address')) return true;
  return !map.has('message') && map.items.every(({ value }) => typeof (value as { value?: unknown })?.value !== 'undefined');
}

/** Without what is so in nearly every case. */
function withoutCommonest({ needsEndpoints, hasFallback, idle, ...verdict }: Verdict): object {
  return { ...verdict, ...(!needsEndpoints && { needsEndpoints }), ...(hasFallback && { hasFallback }), ...(idle && { idle }) };
}
