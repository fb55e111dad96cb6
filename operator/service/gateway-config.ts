/** The file of `--gateway-config`: JSON → one frozen, validated value. Every mistake is collected. */
import { readFileSync } from 'node:fs';
import type { Allowance, Allowed, PortRange } from '../translate/gateway-allowance.ts';
import { isLabel, isLabelValue, isName, isQualifiedName, MistakesOf, type Members } from '../util/json-fields.ts';

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
  /** Means nothing to a ClusterIP Service. */
  readonly externalTrafficPolicy?: (typeof POLICIES)[number];
  /** Means nothing but to a LoadBalancer Service, for which it can not be changed. */
  readonly loadBalancerClass?: string;
  /** Labels of the gateways' pods. */
  readonly selector: Readonly<Record<string, string>>;
}

const TYPES = ['ClusterIP', 'NodePort', 'LoadBalancer'] as const;
const POLICIES = ['Cluster', 'Local'] as const;
const MAX_BYTES = 1024 * 1024;
const HOSTNAME = /^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** What the file says, or what is wrong with it, one sentence each. */
export function readGatewayConfig(file: string): GatewayConfig | { readonly errors: readonly string[] } {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return { errors: [`can not be read: ${(error as Error).message}`] };
  }
  return parseGatewayConfig(text);
}

export function parseGatewayConfig(text: string): GatewayConfig | { readonly errors: readonly string[] } {
  if (text.length > MAX_BYTES) return { errors: [`must not be longer than ${MAX_BYTES} bytes`] };
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    return { errors: [`must be JSON: ${(error as Error).message}`] };
  }
  const mistakes = new MistakesOf();
  const members = mistakes.members('', document, ['deployment', 'service', 'allowed']);
  const config: GatewayConfig = {
    deployment: mistakes.text('deployment', members['deployment'], isName, 'the name of a Deployment'),
    service: readService(mistakes, members['service']),
    allowed: readAllowed(mistakes, members['allowed'] ?? {}),
  };
  return mistakes.found.length > 0 ? { errors: mistakes.found } : Object.freeze(config);
}

const SERVICE_MEMBERS = ['name', 'type', 'annotations', 'labels', 'externalTrafficPolicy', 'loadBalancerClass', 'selector'];

function readService(mistakes: MistakesOf, value: unknown): GatewayServiceConfig {
  const given = mistakes.members('service', value, SERVICE_MEMBERS);
  // Charts leave out by writing nothing between the quotes.
  const policy = given['externalTrafficPolicy'] || undefined;
  const loadBalancerClass = given['loadBalancerClass'] || undefined;
  const selector = mistakes.map('service.selector', given['selector'], isLabelValue, 'label values');
  if (Object.keys(selector).length === 0) mistakes.add('service.selector', 'must name the labels of the gateway pods');
  return Object.freeze({
    name: mistakes.text('service.name', given['name'], isServiceName, 'the name of a Service: at most 63 of a-z, 0-9 and -'),
    type: mistakes.oneOf('service.type', given['type'] ?? 'ClusterIP', TYPES),
    annotations: mistakes.map('service.annotations', given['annotations'] ?? {}, () => true, 'texts'),
    labels: mistakes.map('service.labels', given['labels'] ?? {}, isLabelValue, 'label values'),
    ...(policy !== undefined && {
      externalTrafficPolicy: mistakes.oneOf('service.externalTrafficPolicy', policy, POLICIES),
    }),
    ...(loadBalancerClass !== undefined && {
      loadBalancerClass: mistakes.text(
        'service.loadBalancerClass',
        loadBalancerClass,
        isQualifiedName,
        'a name such as example.com/lb',
      ),
    }),
    selector,
  });
}

function readAllowed(mistakes: MistakesOf, value: unknown): Allowed {
  const entries = Object.entries(mistakes.members('allowed', value)).map(([namespace, entry]) => {
    const at = `allowed[${JSON.stringify(namespace.slice(0, 80))}]`;
    if (namespace !== '*' && !isLabel(namespace)) mistakes.add(at, 'is not the name of a namespace, and not "*"');
    return [namespace, readAllowance(mistakes, at, mistakes.members(at, entry, ['ports', 'hostnames']))] as const;
  });
  return new Map(entries);
}

function readAllowance(mistakes: MistakesOf, at: string, { ports, hostnames }: Members): Allowance {
  const portsAt = (item: unknown, field: string): PortRange => readPorts(mistakes, field, item);
  const hostAt = (item: unknown, field: string): string =>
    mistakes.text(field, item, isHostname, 'a host name in lower case, "*.suffix" or "*"');
  return Object.freeze({
    ...(ports !== undefined && ports !== null && { ports: mistakes.list(`${at}.ports`, ports, portsAt) }),
    ...(hostnames !== undefined && hostnames !== null && { hostnames: mistakes.list(`${at}.hostnames`, hostnames, hostAt) }),
  });
}

/** `8080`, `"8080"` or `"9000-9010"`. */
function readPorts(mistakes: MistakesOf, field: string, value: unknown): PortRange {
  const text = typeof value === 'number' || typeof value === 'string' ? String(value) : '';
  const [, from, to = from] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const range = { first: Number(from), last: Number(to) };
  if (range.first >= 1 && range.first <= range.last && range.last <= 65_535) return Object.freeze(range);
  mistakes.add(field, 'must be a port from 1 to 65535, or a range of them such as "9000-9010"');
  return range;
}

const isHostname = (text: string): boolean => text === '*' || (text.length <= 253 && HOSTNAME.test(text));
const isServiceName = (text: string): boolean => /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text);
