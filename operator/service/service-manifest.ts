/** The gateways' Service as it must be, and whether it is: pure. */
import { MANAGED_BY_LABEL, MANAGED_BY_OPERATOR } from '../api/labels.ts';
import type { OwnerReference, Service, ServicePort } from '../api/kubernetes.ts';
import { boundPort } from '../../proxy/snapshot/ports.ts';
import type { GatewayConfig, GatewayServiceConfig } from './gateway-config.ts';
import type { GatewayPorts } from './gateway-ports.ts';

type Desired = Pick<GatewayConfig, 'deployment' | 'service'>;

const APP_PROTOCOLS = { HTTP: 'http' } as const;

/** The object to apply. It names no node ports: those that the API server assigned stay with their port. */
export function manifest(config: GatewayServiceConfig, namespace: string, ports: GatewayPorts, owner: OwnerReference): object {
  const { name, type, annotations, selector } = config;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, labels: labelsOf(config), annotations, ownerReferences: [owner] },
    spec: { type, selector, ports: servicePorts(ports), ...optionsOf(config) },
  };
}

export function servicePorts(ports: GatewayPorts): Required<ServicePort>[] {
  return [...ports].map(([port, protocol]) => {
    const appProtocol = APP_PROTOCOLS[protocol];
    return { name: `${appProtocol}-${port}`, port, protocol: 'TCP', targetPort: boundPort(port), appProtocol };
  });
}

/** Whether the Service has everything that would be applied. Ports, labels and annotations that others added do not matter. */
export function isAsApplied({ metadata, spec }: Service, { deployment, service: config }: Desired, ports: GatewayPorts): boolean {
  const found = new Map(spec.ports?.map((port) => [port.port, port]));
  return (
    isOwned(metadata, deployment) &&
    spec.type === config.type &&
    includes(metadata.labels, labelsOf(config)) &&
    includes(metadata.annotations, config.annotations) &&
    includes(spec.selector, config.selector) &&
    Object.keys(spec.selector ?? {}).length === Object.keys(config.selector).length &&
    includes({ ...spec }, optionsOf(config)) &&
    servicePorts(ports).every((port) => includes({ ...found.get(port.port) }, port))
  );
}

/** Whether the operator created it, and so may change and delete it. */
export function isOurs({ metadata }: Service): boolean {
  return metadata.labels?.[MANAGED_BY_LABEL] === MANAGED_BY_OPERATOR;
}

/** Only the owner's name is compared: when the owner is deleted, the Service is deleted with it. */
function isOwned({ ownerReferences = [] }: Service['metadata'], deployment: string): boolean {
  return ownerReferences.some(({ kind, name }) => kind === 'Deployment' && name === deployment);
}

const labelsOf = ({ labels }: GatewayServiceConfig) => ({ ...labels, [MANAGED_BY_LABEL]: MANAGED_BY_OPERATOR });

/** The API server refuses these fields for other types. */
function optionsOf({ type, externalTrafficPolicy, loadBalancerClass }: GatewayServiceConfig): Record<string, string> {
  return {
    ...(externalTrafficPolicy !== undefined && type !== 'ClusterIP' && { externalTrafficPolicy }),
    ...(loadBalancerClass !== undefined && type === 'LoadBalancer' && { loadBalancerClass }),
  };
}

function includes(found: Readonly<Record<string, unknown>> = {}, expected: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(expected).every(([name, value]) => found[name] === value);
}
