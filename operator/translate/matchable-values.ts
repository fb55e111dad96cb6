/**
 * The values of each header that a route can find in a request. When a request is matched, the proxy has removed the fields of the
 * client's connection and set its own. The expressions are those by which the proxy accepts requests; matchable-values.test.ts
 * compares them with a running proxy.
 */
import type { Match } from '../../proxy/snapshot/types.ts';
import { HEADERS_SET_BY_PROXY, hyphenated, HOP_BY_HOP_HEADERS } from '../../proxy/snapshot/header-names.ts';
import {
  AUTHORITY,
  CONTENT_LENGTH,
  FORWARDED_PORT,
  FORWARDED_PROTO,
  REFUSED_UPGRADE,
  REQUEST_ID,
  UPGRADE_METHOD,
  UPGRADE_PROTOCOLS,
  VIA_PREFIX,
} from '../../proxy/snapshot/request-grammar.ts';
import type { ParsedPolicy } from './policy.ts';

/** The values that one part of a request can have. */
export interface Possible {
  /** Each of them matches this expression (RE2) as a whole. Undefined: the part is never there. */
  readonly expression: string | undefined;
  /** No part of any of them matches this one. */
  readonly except?: RegExp;
}

export interface Values extends Possible {
  /** Why another value never occurs, and what to do: completes a sentence. */
  readonly advice: string;
}

type Listening = Pick<ParsedPolicy, 'proxyType' | 'port' | 'listenerSettings' | 'hostnames'>;

/** The parser of node:http refuses other characters, and removes white space at both ends. */
const TEXT = '(?:[!-~\\x80-\\xff](?:[\\t -~\\x80-\\xff]*[!-~\\x80-\\xff])?)?';
/** An IPv6 address may have a zone, the name of an interface. */
const ADDRESS =
  '(?:(?:[0-9]{1,3}\\.){3}[0-9]{1,3}|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,8}(?:\\.[0-9]{1,3}){0,3}(?:%[0-9A-Za-z._-]{1,15})?|unknown)';
const HOST_AND_PORT = `(?i:${AUTHORITY})`;

const ANY_HEADER: Values = {
  expression: TEXT,
  advice:
    'no header has such a value, since it has only characters up to U+00FF and neither begins nor ends with a space: correct it',
};
const REMOVED: Values = {
  expression: undefined,
  advice: 'the proxy removes this header before it matches requests: remove the condition',
};
const NOT_FORWARDED: ReadonlySet<string> = new Set([...HOP_BY_HOP_HEADERS, ...HEADERS_SET_BY_PROXY]);

/** Headers that are an exception: of those that the proxy does not forward, what it sets or keeps. */
const SPECIAL = new Map<string, (listening: Listening, method: Match['method']) => Values>([
  ['connection', (_, method) => upgradeValues(method, 'Upgrade')],
  ['content-length', () => ({ expression: CONTENT_LENGTH, advice: 'Content-Length is a number: compare with one' })],
  ['cookie', () => ({ ...ANY_HEADER, expression: listOf(TEXT, '; ') })],
  ['host', hostValues],
  // It is forwarded, decremented.
  ['max-forwards', () => ANY_HEADER],
  ['upgrade', (_, method) => ({ ...upgradeValues(method, UPGRADE_PROTOCOLS), except: REFUSED_UPGRADE })],
  ['via', viaValues],
  ['x-forwarded-for', forwardedForValues],
  ['x-forwarded-host', forwardedHostValues],
  ['x-forwarded-port', forwardedPortValues],
  ['x-forwarded-proto', forwardedProtoValues],
  ['x-request-id', requestIdValues],
]);

/** @param name in lower case. */
export function headerValues(name: string, listening: Listening, method: Match['method']): Values {
  return SPECIAL.get(name)?.(listening, method) ?? (NOT_FORWARDED.has(hyphenated(name)) ? REMOVED : ANY_HEADER);
}

/** Repeated fields, joined; empty ones count. */
function listOf(value: string, separator: string): string {
  return `${value}(?:${separator}${value})*`;
}

/** Only requests for another protocol have Connection and Upgrade. */
function upgradeValues(method: Match['method'], expression: string): Values {
  return {
    expression: method === undefined || method === UPGRADE_METHOD ? expression : undefined,
    advice: `only ${UPGRADE_METHOD} requests that ask for a protocol such as websocket have this header, and "Connection: Upgrade"; from others the proxy removes it: compare with these, or remove the condition`,
  };
}

function hostValues({ hostnames }: Listening): Values {
  if (hostnames.length === 0)
    return { expression: HOST_AND_PORT, advice: 'Host is a host, with or without a port: compare with one' };
  // A wildcard stands for one or more labels.
  const hosts = hostnames.map((host) => host.replaceAll('.', '\\.').replace(/^\*/, '[!-~]+')).join('|');
  const advice = 'the host of a request is one of listener.hostnames here: compare with one of these';
  return { expression: `(?i:${hosts})\\.?(?::[0-9]{0,5})?`, advice };
}

function viaValues(): Values {
  return {
    expression: `(?:${listOf(TEXT, ', ')}, )?1\\.[01] ${VIA_PREFIX}[!-~]*`,
    advice: `the proxy appends itself, such as "1.1 ${VIA_PREFIX}4f2a91c07d": use a regular expression, such as "1\\.1 google, .*"`,
  };
}

function forwardedForValues(listening: Listening): Values {
  if (!listening.listenerSettings.clientAddress) return ownValue(listening, ADDRESS, 'the address of its peer');
  return {
    expression: `(?:${listOf(TEXT, ', ')}, )?${ADDRESS}`,
    advice: 'the proxy appends the address of its peer: use a regular expression, such as "192\\.0\\.2\\.7, .*"',
  };
}

function forwardedHostValues(listening: Listening): Values {
  if (!listening.listenerSettings.clientAddress) return hostValues(listening);
  return { expression: HOST_AND_PORT, advice: 'it is a host, with or without a port: compare with one' };
}

function forwardedPortValues(listening: Listening): Values {
  if (!listening.listenerSettings.clientAddress)
    return ownValue(listening, String(listening.port), `its own port, ${listening.port}`);
  return { expression: FORWARDED_PORT, advice: 'it is a port, from 1 to 65535: compare with one' };
}

function forwardedProtoValues(listening: Listening): Values {
  // No listener has TLS.
  if (!listening.listenerSettings.clientAddress) return ownValue(listening, 'http', 'http');
  return { expression: FORWARDED_PROTO, advice: 'it is http, https, ws or wss: compare with one of these' };
}

function requestIdValues(): Values {
  const advice = 'the proxy replaces values of more than 128 characters, or with others than printable ASCII: correct it';
  return { expression: REQUEST_ID, advice };
}

/** A field of the client that is replaced by the proxy's own. */
function ownValue({ proxyType }: Listening, expression: string, what: string): Values {
  const trust =
    proxyType === 'Gateway' ? ', or trust the proxy in front with listener.clientAddress, in all policies of the port' : '';
  return { expression, advice: `the proxy sets this header to ${what}: compare with that${trust}` };
}
