/**
 * The fields of a request that the proxy reads itself: those of the connection and of framing, and those that it writes. PURE.
 */
import { trimOws } from './ows.ts';
import type { ReceivedFields } from './received-fields.ts';
import { HEADERS_SET_BY_PROXY, HOP_BY_HOP_HEADERS } from '../snapshot/header-names.ts';
import { REQUEST_ID } from '../snapshot/request-grammar.ts';

export const MAX_FORWARDS = 'max-forwards';
const KEY = 'sec-websocket-key';
/**
 * Their names by length: most other fields can be told from them by that alone. None is forwarded as it was received, but for
 * Content-Length, Max-Forwards and the key. A name that differs in underscores only could hide one from a backend: it is dropped.
 */
const NAMES: readonly (readonly string[] | undefined)[] = byLength([...HOP_BY_HOP_HEADERS, ...HEADERS_SET_BY_PROXY, KEY]);
const KEPT_REQUEST_ID = new RegExp(`^${REQUEST_ID}$`);

/** Their values; those of repeated fields as one list. */
export interface OwnFields {
  host: string | undefined;
  length: string | undefined;
  coding: string | undefined;
  connection: string | undefined;
  upgrade: string | undefined;
  via: string | undefined;
  expect: string | undefined;
  te: string | undefined;
  trailer: string | undefined;
  requestId: string | undefined;
  /** The name of a field that occurs more than once and must not. */
  repeated: string | undefined;
}

export function noFields(): OwnFields {
  return {
    host: undefined,
    length: undefined,
    coding: undefined,
    connection: undefined,
    upgrade: undefined,
    via: undefined,
    expect: undefined,
    te: undefined,
    trailer: undefined,
    requestId: undefined,
    repeated: undefined,
  };
}

/** Notes the fields in `own`; returns those that are forwarded. */
export function readFields(received: ReceivedFields, own: OwnFields): ReceivedFields {
  return received.filter((field) => {
    const names = NAMES[received.nameLength(field)];
    if (names === undefined) return true;
    for (const name of names) {
      if (received.resembles(field, name)) return received.isNamed(field, name) && take(own, name, received.value(field));
    }
    return true;
  });
}

/** Notes a field. Returns whether it is forwarded. */
function take(own: OwnFields, name: string, value: string): boolean {
  switch (name) {
    case 'host':
      if (own.host !== undefined) own.repeated = 'Host';
      own.host = value;
      break;
    case 'content-length':
      if (own.length !== undefined) own.repeated = 'Content-Length';
      own.length = value;
      return true;
    case 'transfer-encoding':
      own.coding = joined(own.coding, value);
      break;
    case 'connection':
      own.connection = joined(own.connection, value);
      break;
    case 'via':
      own.via = joined(own.via, value);
      break;
    case 'upgrade':
      own.upgrade = value;
      break;
    case 'expect':
      own.expect = joined(own.expect, value);
      break;
    case 'te':
      own.te = joined(own.te, value);
      break;
    case 'trailer':
      own.trailer = joined(own.trailer, value);
      break;
    case 'x-request-id':
      if (KEPT_REQUEST_ID.test(value)) own.requestId = value;
      break;
    case MAX_FORWARDS:
    case KEY:
      return true;
  }
  return false;
}

/** Without the fields that Connection names, before the proxy's own are added: a client cannot remove those. Content-Length stays. */
export function withoutNamed(connection: string, fields: ReceivedFields): ReceivedFields {
  if (/^(?:keep-alive|close)$/i.test(connection)) return fields;
  const named = new Set(connection.toLowerCase().split(',').map(trimOws));
  named.delete('content-length');
  return fields.filter((field) => !named.has(fields.name(field).toLowerCase()));
}

/** Without one field. */
export function without(name: string, fields: ReceivedFields): ReceivedFields {
  return fields.filter((field) => fields.nameLength(field) !== name.length || !fields.isNamed(field, name));
}

function joined(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before}, ${value}`;
}

function byLength(names: readonly string[]): (readonly string[] | undefined)[] {
  const lengths = Math.max(...names.map((name) => name.length)) + 1;
  const groups = Array.from({ length: lengths }, (_, length) => names.filter((name) => name.length === length));
  return groups.map((group) => (group.length > 0 ? group : undefined));
}
