/** EndpointSlices: addresses of the right family and outside the reserved ranges, as the real server checks them. */
import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { asArray, asObject, asString, isObject, setDefault } from '../json.ts';
import type { Json, JsonObject, KubeObject } from '../json.ts';
import type { Cluster } from '../kinds.ts';
import { fieldError } from '../status.ts';
import type { FieldError } from '../status.ts';
import { checkLabel, checkSubdomain } from './names.ts';

const FAMILIES = ['FQDN', 'IPv4', 'IPv6'];

const RESERVED: readonly [string, readonly (readonly [string, number, 'ipv4' | 'ipv6'])[]][] = [
  [
    'may not be unspecified (0.0.0.0 or ::)',
    [
      ['0.0.0.0', 32, 'ipv4'],
      ['::', 128, 'ipv6'],
    ],
  ],
  [
    'may not be in the loopback range (127.0.0.0/8, ::1/128)',
    [
      ['127.0.0.0', 8, 'ipv4'],
      ['::1', 128, 'ipv6'],
    ],
  ],
  [
    'may not be in the link-local range (169.254.0.0/16, fe80::/10)',
    [
      ['169.254.0.0', 16, 'ipv4'],
      ['fe80::', 10, 'ipv6'],
    ],
  ],
  [
    'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)',
    [
      ['224.0.0.0', 24, 'ipv4'],
      ['ff02::', 16, 'ipv6'],
    ],
  ],
];

const LISTS = RESERVED.map(([message, ranges]) => {
  const list = new BlockList();
  for (const [network, bits, family] of ranges) list.addSubnet(network, bits, family);
  return { message, list };
});

export function defaults(slice: KubeObject): void {
  setDefault(slice, 'endpoints', null);
  setDefault(slice, 'ports', null);
  for (const endpoint of asArray(slice['endpoints'])) if (isObject(endpoint)) setDefault(endpoint, 'conditions', {});
  for (const port of asArray(slice['ports'])) {
    if (!isObject(port)) continue;
    setDefault(port, 'name', '');
    setDefault(port, 'protocol', 'TCP');
  }
}

export function validate(slice: KubeObject, old: KubeObject | undefined, cluster: Cluster): FieldError[] {
  const family = asString(slice['addressType']);
  const endpoints = asArray(slice['endpoints']);
  return [
    ...checkFamily(family, old),
    ...(endpoints.length > 1000 ? [tooMany('endpoints', endpoints.length, 1000)] : []),
    ...endpoints.flatMap((endpoint, i) => checkEndpoint(asObject(endpoint), `endpoints[${i}]`, family, cluster)),
    ...checkPorts(asArray(slice['ports'])),
  ];
}

function tooMany(field: string, actual: number, most: number): FieldError {
  return { reason: 'FieldValueTooMany', field, message: `Too many: ${actual}: must have at most ${most} items` };
}

function checkFamily(family: string, old: KubeObject | undefined): FieldError[] {
  if (family === '') return [fieldError.required('addressType')];
  if (!FAMILIES.includes(family)) return [fieldError.notSupported('addressType', family, FAMILIES)];
  if (old !== undefined && old['addressType'] !== family) {
    return [fieldError.invalid('addressType', family, 'field is immutable')];
  }
  return [];
}

function checkEndpoint(endpoint: JsonObject, path: string, family: string, cluster: Cluster): FieldError[] {
  const addresses = asArray(endpoint['addresses']);
  const field = `${path}.addresses`;
  if (addresses.length === 0) return [fieldError.required(field, 'must contain at least 1 address')];
  if (addresses.length > 100) return [tooMany(field, addresses.length, 100)];
  return addresses.flatMap((address, i) => checkAddress(address, `${field}[${i}]`, family, cluster));
}

function checkAddress(address: Json, field: string, family: string, cluster: Cluster): FieldError[] {
  const text = asString(address);
  if (family === 'FQDN') return checkSubdomain(text, field);
  if (!isIPv4(text) && !isIPv6(text)) {
    return [fieldError.invalid(field, text, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')];
  }
  const actual = isIPv4(text) ? 'IPv4' : 'IPv6';
  if (FAMILIES.includes(family) && actual !== family) return [fieldError.invalid(field, text, `must be an ${family} address`)];
  if (text.startsWith(cluster.testPodPrefix)) return [];
  return LISTS.filter(({ list }) => list.check(text, actual === 'IPv4' ? 'ipv4' : 'ipv6')).map(({ message }) =>
    fieldError.invalid(field, text, message),
  );
}

function checkPorts(ports: readonly Json[]): FieldError[] {
  const seen = new Set<string>();
  return ports.flatMap((port, i) => {
    const { name, protocol, port: number } = asObject(port);
    const errors: FieldError[] = [];
    if (seen.has(asString(name))) errors.push(fieldError.duplicate(`ports[${i}].name`, asString(name)));
    seen.add(asString(name));
    if (asString(name) !== '') errors.push(...checkLabel(asString(name), `ports[${i}].name`));
    if (!['TCP', 'UDP', 'SCTP'].includes(asString(protocol))) {
      errors.push(fieldError.notSupported(`ports[${i}].protocol`, protocol ?? '', ['SCTP', 'TCP', 'UDP']));
    }
    if (number !== undefined && number !== null && !(Number(number) >= 1 && Number(number) <= 65535)) {
      errors.push(fieldError.invalid(`ports[${i}].port`, number, 'must be between 1 and 65535, inclusive'));
    }
    return errors;
  });
}
