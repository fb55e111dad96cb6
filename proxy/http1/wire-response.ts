/** A response head, as its bytes, with what it says about its body and its connection. */
import { CONNECTION_FIELDS, ConnectionFields } from './connection-fields.ts';
import type { StatusLine } from './status-line.ts';
import type { WireFields } from './wire-fields.ts';

/** Bytes of the body; or how its end is known. */
export type Framing = number | 'chunked' | 'until-close';

export interface WireResponse {
  /** 0 or 1. */
  readonly minor: number;
  /** 100 to 999. */
  readonly status: number;
  /** Any bytes but CR and LF. */
  readonly reasonPhrase: string;
  /** As received. */
  readonly received: WireFields;
  /** End-to-end fields and Content-Length. */
  readonly fields: WireFields;
  readonly framing: Framing;
  readonly hasLength: boolean;
  /** Values of Trailer. */
  readonly trailer: string | undefined;
  /** The connection may be reused after the response. */
  readonly persists: boolean;
  /** Milliseconds for which the backend keeps it; Infinity if it does not say. */
  readonly keepAlive: number;
}

/**
 * The response, or a sentence that says why it must not be forwarded.
 * @param bodiless the request was HEAD.
 */
export function readWireResponse(line: StatusLine, received: WireFields, bodiless: boolean): WireResponse | string {
  const { minor, status, reasonPhrase } = line;
  const own = new ConnectionFields();
  let fields = received.filter((i) => {
    const names = CONNECTION_FIELDS[received.nameLength(i)];
    if (names === undefined) return true;
    for (const name of names) if (received.isNamed(i, name)) return own.take(name, received.value(i));
    return true;
  });
  const fault = own.fault(minor);
  if (fault !== undefined) return fault;
  const named = own.named();
  if (named) {
    const all = fields;
    fields = all.filter((i) => !named.has(all.name(i).toLowerCase()));
  }
  const { hasLength, chunked, trailer, keepAlive } = own;
  const framing = framingOf(own, status < 200 || status === 204 || status === 304 || bodiless);
  // After a 204 that says that it has a body, that body may follow, and would be read as the next response.
  const mayContinue = status === 204 && (hasLength || chunked);
  const persists = framing !== 'until-close' && !mayContinue && own.persists(minor);
  return { minor, status, reasonPhrase, received, fields, framing, hasLength, trailer, persists, keepAlive };
}

function framingOf({ length, chunked }: ConnectionFields, none: boolean): Framing {
  if (none) return 0;
  return chunked ? 'chunked' : (length ?? 'until-close');
}
