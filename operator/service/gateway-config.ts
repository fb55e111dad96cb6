/** The file of `--gateway-config`: JSON → one frozen, validated value. */
import type { Allowance, Allowed, PortRange } from '../translate/gateway-allowance.ts';
import { readJson, readJsonFile, type Errors, type JsonFields, type Members } from '../util/json-fields.ts';
import { isDnsLabel, isDnsSubdomain, isLabelValue, isQualifiedName, isServiceName } from '../util/kubernetes-names.ts';

export interface GatewayConfig {
  /** Name of the Deployment that owns the gateways' Service, in the operator's namespace. */
  readonly deployment: string;
  readonly service: GatewayServiceConfig;
  readonly allowed: Allowed;
}

export interface GatewayServiceConfig {
  readonly name: string;
  readonly type: (typeof TYPES)[number];
  readonly annotations: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** Not used by a Service of type ClusterIP. */
  readonly externalTrafficPolicy?: (typeof POLICIES)[number];
  /** Used only by a Service of type LoadBalancer, where it is immutable. */
  readonly loadBalancerClass?: string;
  /** Labels of the gateways' pods. */
  readonly selector: Readonly<Record<string, string>>;
}

const TYPES = ['ClusterIP', 'NodePort', 'LoadBalancer'] as const;
const POLICIES = ['Cluster', 'Local'] as const;
const HOSTNAME = /^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

export const readGatewayConfig = (file: string): GatewayConfig | Errors => readJsonFile(file, readDocument);
export const parseGatewayConfig = (text: string): GatewayConfig | Errors => readJson(text, readDocument);

function readDocument(document: Members, fields: JsonFields): GatewayConfig {
  const members = fields.object('', document, ['deployment', 'service', 'allowed']);
  return {
    deployment: fields.text('deployment', members['deployment'], isDnsSubdomain, 'the name of a Deployment'),
    service: readService(fields, members['service']),
    allowed: readAllowed(fields, members['allowed'] ?? {}),
  };
}

const SERVICE_MEMBERS = ['name', 'type', 'annotations', 'labels', 'externalTrafficPolicy', 'loadBalancerClass', 'selector'];

function readService(fields: JsonFields, value: unknown): GatewayServiceConfig {
  const given = fields.object('service', value, SERVICE_MEMBERS);
  // Charts write an empty string where a value is absent.
  const policy = given['externalTrafficPolicy'] || undefined;
  const loadBalancerClass = given['loadBalancerClass'] || undefined;
  const selector = fields.map('service.selector', given['selector'], isLabelValue, 'a label value');
  if (Object.keys(selector).length === 0) fields.fail('service.selector', 'must name the labels of the gateway pods');
  return Object.freeze({
    name: fields.text('service.name', given['name'], isServiceName, 'the name of a Service: at most 63 of a-z, 0-9 and -'),
    type: fields.oneOf('service.type', given['type'] ?? 'ClusterIP', TYPES),
    annotations: fields.map('service.annotations', given['annotations'] ?? {}, () => true, 'a string'),
    labels: fields.map('service.labels', given['labels'] ?? {}, isLabelValue, 'a label value'),
    ...(policy !== undefined && {
      externalTrafficPolicy: fields.oneOf('service.externalTrafficPolicy', policy, POLICIES),
    }),
    ...(loadBalancerClass !== undefined && {
      loadBalancerClass: fields.text(
        'service.loadBalancerClass',
        loadBalancerClass,
        isQualifiedName,
        'a name such as example.com/lb',
      ),
    }),
    selector,
  });
}

function readAllowed(fields: JsonFields, value: unknown): Allowed {
  const entries = Object.entries(fields.object('allowed', value)).map(([namespace, entry]) => {
    const at = `allowed[${JSON.stringify(namespace.slice(0, 80))}]`;
    if (namespace !== '*' && !isDnsLabel(namespace)) fields.fail(at, 'is not the name of a namespace, and not "*"');
    return [namespace, readAllowance(fields, at, fields.object(at, entry, ['ports', 'hostnames']))] as const;
  });
  return new Map(entries);
}

function readAllowance(fields: JsonFields, at: string, { ports, hostnames }: Members): Allowance {
  const portsAt = (item: unknown, field: string): PortRange => readPorts(fields, field, item);
  const hostAt = (item: unknown, field: string): string =>
    fields.text(field, item, isHostname, 'a host name in lower case, "*.suffix" or "*"');
  return Object.freeze({
    ...(ports !== undefined && ports !== null && { ports: fields.list(`${at}.ports`, ports, portsAt) }),
    ...(hostnames !== undefined && hostnames !== null && { hostnames: fields.list(`${at}.hostnames`, hostnames, hostAt) }),
  });
}

/** `8080`, `"8080"` or `"9000-9010"`. */
function readPorts(fields: JsonFields, field: string, value: unknown): PortRange {
  const text = typeof value === 'number' || typeof value === 'string' ? String(value) : '';
  const [, from, to = from] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const range = { first: Number(from), last: Number(to) };
  if (range.first >= 1 && range.first <= range.last && range.last <= 65_535) return Object.freeze(range);
  fields.fail(field, 'must be a port from 1 to 65535, or a range of them such as "9000-9010"');
  return range;
}

const isHostname = (text: string): boolean => text === '*' || (text.length <= 253 && HOSTNAME.test(text));
