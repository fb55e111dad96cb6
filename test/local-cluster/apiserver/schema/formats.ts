/** The string and number formats that the API server checks; it ignores others. */
import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import type { Json } from '../json.ts';

const DATE_TIME = /^\d{4}-(\d{2})-(\d{2})[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;
const DURATION = /^[+-]?([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$/;

const STRINGS: Readonly<Record<string, (text: string) => boolean>> = {
  'date-time': (text) => DATE_TIME.test(text) && !Number.isNaN(Date.parse(text)),
  date: (text) => /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)),
  duration: (text) => text === '0' || DURATION.test(text),
  byte: (text) => /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0,
  ipv4: (text) => isIPv4(text),
  ipv6: (text) => isIPv6(text),
  cidr: (text) => isCidr(text),
  uri: (text) => URL.canParse(text),
  uuid: (text) => /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i.test(text),
  hostname: (text) => text.length <= 253 && /^([a-z0-9]([-a-z0-9]*[a-z0-9])?)(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/i.test(text),
};

export function isCidr(text: string): boolean {
  const [address = '', bits = '', ...rest] = text.split('/');
  const longest = isIPv4(address) ? 32 : isIPv6(address) && !address.includes('%') ? 128 : -1;
  return rest.length === 0 && /^(0|[1-9][0-9]{0,2})$/.test(bits) && Number(bits) <= longest;
}

/** Whether an address, or that of a range, is an IPv4 one written as IPv6, which Kubernetes' CEL functions refuse. */
export function isMapped(text: string): boolean {
  const [address = ''] = text.split('/');
  return isIPv6(address) && /^::ffff:.*[.]/.test(new SocketAddress({ address, family: 'ipv6' }).address);
}

export function matchesFormat(value: Json, format: string): boolean {
  if (typeof value === 'number') return format !== 'int32' || (value >= -(2 ** 31) && value < 2 ** 31);
  const check = STRINGS[format];
  return typeof value !== 'string' || check === undefined || check(value);
}
