/** Services: defaults, checks of ports and traffic distribution, and the addresses and node ports that the server allocates. */
import { asArray, asObject, asString, at, isObject, setDefault } from '../json.ts';
import type { Json, JsonObject, KubeObject } from '../json.ts';
import type { Cluster } from '../kinds.ts';
import { fieldError } from '../status.ts';
import type { FieldError } from '../status.ts';
import { checkLabel } from './names.ts';

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const TRAFFIC_DISTRIBUTIONS: readonly Json[] = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];

function specOf(service: KubeObject | undefined): JsonObject {
  return asObject(service?.['spec']);
}

function portsOf(service: KubeObject | undefined): JsonObject[] {
  return asArray(specOf(service)['ports']).filter(isObject);
}

function hasNodePorts(spec: JsonObject): boolean {
  return spec['type'] === 'NodePort' || spec['type'] === 'LoadBalancer';
}

export function defaults(service: KubeObject): void {
  setDefault(service, 'spec', {});
  const spec = specOf(service);
  setDefault(spec, 'type', 'ClusterIP');
  setDefault(spec, 'sessionAffinity', 'None');
  if (spec['type'] !== 'ExternalName') setDefault(spec, 'internalTrafficPolicy', 'Cluster');
  if (hasNodePorts(spec)) setDefault(spec, 'externalTrafficPolicy', 'Cluster');
  if (spec['type'] === 'LoadBalancer') setDefault(spec, 'allocateLoadBalancerNodePorts', true);
  for (const port of portsOf(service)) {
    setDefault(port, 'protocol', 'TCP');
    setDefault(port, 'targetPort', port['port'] ?? 0);
  }
}

/** Keeps earlier allocations; allocates what is missing. */
export function prepare(service: KubeObject, old: KubeObject | undefined, cluster: Cluster): void {
  setDefault(service, 'status', { loadBalancer: {} });
  const spec = specOf(service);
  if (spec['type'] === 'ExternalName') return;
  const before = specOf(old);
  for (const name of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy']) {
    if (before[name] !== undefined) setDefault(spec, name, before[name]);
  }
  setDefault(spec, 'ipFamilyPolicy', asArray(spec['ipFamilies']).length > 1 ? 'RequireDualStack' : 'SingleStack');
  setDefault(spec, 'ipFamilies', spec['ipFamilyPolicy'] === 'SingleStack' ? ['IPv4'] : ['IPv4', 'IPv6']);
  if (asString(spec['clusterIP']) === '') {
    const services = cluster.store.list('/services');
    spec['clusterIPs'] = asArray(spec['ipFamilies']).map((family) => freeAddress(services, family === 'IPv6'));
    spec['clusterIP'] = asArray(spec['clusterIPs'])[0] ?? 'None';
  }
  setDefault(spec, 'clusterIPs', [asString(spec['clusterIP'])]);
  if (hasNodePorts(spec) && spec['allocateLoadBalancerNodePorts'] !== false) allotNodePorts(service, old, cluster);
}

function freeAddress(services: readonly KubeObject[], v6: boolean): string {
  const used = new Set(services.flatMap((service) => asArray(specOf(service)['clusterIPs'])));
  for (let n = 10; n < 65_535; n++) {
    const address = v6 ? `fd00:10:96::${n.toString(16)}` : `10.96.${n >> 8}.${n & 255}`;
    if (!used.has(address)) return address;
  }
  throw new Error('no cluster address is free');
}

function allotNodePorts(service: KubeObject, old: KubeObject | undefined, cluster: Cluster): void {
  const used = new Set(cluster.store.list('/services').flatMap((one) => portsOf(one).map((port) => port['nodePort'])));
  for (const port of portsOf(service)) {
    const before = portsOf(old).find((one) => one['port'] === port['port'] && one['protocol'] === port['protocol']);
    if (before?.['nodePort'] !== undefined) setDefault(port, 'nodePort', before['nodePort']);
    for (let n = 30_000; port['nodePort'] === undefined && n <= 32_767; n++) if (!used.has(n)) port['nodePort'] = n;
    used.add(port['nodePort']);
  }
}

export function validate(service: KubeObject, old: KubeObject | undefined): FieldError[] {
  const spec = specOf(service);
  const type = asString(spec['type']);
  const errors: FieldError[] = [];
  if (!TYPES.includes(type)) errors.push(fieldError.notSupported('spec.type', type, TYPES));
  const ports = portsOf(service);
  const portless = spec['clusterIP'] === 'None' || type === 'ExternalName';
  if (ports.length === 0 && !portless) errors.push(fieldError.required('spec.ports'));
  if (type === 'ExternalName' && asString(spec['externalName']) === '') errors.push(fieldError.required('spec.externalName'));
  const address = at(old, 'spec', 'clusterIP');
  if (typeof address === 'string' && type !== 'ExternalName' && address !== spec['clusterIP']) {
    errors.push(fieldError.invalid('spec.clusterIPs[0]', spec['clusterIPs'] ?? null, 'may not change once set'));
  }
  const { trafficDistribution } = spec;
  if (trafficDistribution !== undefined && !TRAFFIC_DISTRIBUTIONS.includes(trafficDistribution)) {
    errors.push(fieldError.notSupported('spec.trafficDistribution', trafficDistribution, TRAFFIC_DISTRIBUTIONS));
  }
  return [...errors, ...checkPorts(ports)];
}

function checkPorts(ports: readonly JsonObject[]): FieldError[] {
  const names = new Set<string>();
  const keys = new Set<string>();
  return ports.flatMap((port, i) => {
    const path = `spec.ports[${i}]`;
    const name = asString(port['name']);
    const key = `${JSON.stringify(port['port'])}/${asString(port['protocol'])}`;
    const errors: FieldError[] = [];
    if (name === '' && ports.length > 1) errors.push(fieldError.required(`${path}.name`));
    if (name !== '') errors.push(...checkLabel(name, `${path}.name`));
    if (name !== '' && names.has(name)) errors.push(fieldError.duplicate(`${path}.name`, name));
    if (keys.has(key))
      errors.push(fieldError.duplicate(path, { protocol: port['protocol'] ?? null, port: port['port'] ?? null }));
    names.add(name);
    keys.add(key);
    return [...errors, ...checkNumbers(port, path)];
  });
}

function checkNumbers(port: JsonObject, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const protocols: Json[] = ['SCTP', 'TCP', 'UDP'];
  if (!isPort(port['port'])) {
    errors.push(fieldError.invalid(`${path}.port`, port['port'] ?? 0, 'must be between 1 and 65535, inclusive'));
  }
  if (!protocols.includes(port['protocol'] ?? '')) {
    errors.push(fieldError.notSupported(`${path}.protocol`, port['protocol'] ?? '', protocols));
  }
  if (typeof port['targetPort'] === 'number' && !isPort(port['targetPort'])) {
    errors.push(fieldError.invalid(`${path}.targetPort`, port['targetPort'], 'must be between 1 and 65535, inclusive'));
  }
  return errors;
}

function isPort(value: Json | undefined): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65535;
}
