/** Makes the head of an exchange from a request head of HTTP/1 that may be forwarded: adds the fields of this proxy. */
import { addForwardedHeaders } from './forwarded-headers.ts';
import type { HttpServerSettings } from './http-server-settings.ts';
import { keepTrustedForwarded, readTrustedForwarded } from './trusted-forwarded-headers.ts';
import type { AcceptedHead } from '../http1/request-head.ts';
import { RecordFields } from '../message/fields.ts';
import type { RequestHead } from '../message/request-head.ts';

/** A request head as it was received. */
export interface ReceivedHead {
  readonly method: string;
  readonly target: string;
  /** Of HTTP/1. */
  readonly minor: number;
  /** Names and values, alternating. */
  readonly raw: readonly string[];
  /** The connection that it arrived on. */
  readonly peer: string;
  readonly scheme: 'http' | 'https';
}

/**
 * The head that is forwarded, and the client's address.
 * @param protocol the protocols that the request asks for, if it is forwarded as one that does.
 */
export function acceptRequest(
  { method, target, minor, raw, peer, scheme }: ReceivedHead,
  read: AcceptedHead,
  protocol: string | undefined,
  s: HttpServerSettings,
): { readonly head: RequestHead; readonly clientAddress: string } {
  const { fields, authority, requestId } = read;
  // Some backends refuse a handshake with a length.
  if (protocol !== undefined) delete fields['content-length'];
  addForwardedHeaders(fields, {
    peer,
    port: s.port,
    scheme,
    protocolVersion: minor === 1 ? '1.1' : '1.0',
    viaName: s.viaName,
    authority,
    requestId,
  });
  const trust = s.trust();
  const forwarded = trust && readTrustedForwarded(raw, { peer, scheme, port: s.port, authority }, trust);
  if (forwarded) keepTrustedForwarded(fields, forwarded);
  const head = {
    method,
    scheme: forwarded?.scheme ?? scheme,
    port: forwarded?.port ?? s.port,
    authority,
    host: read.host,
    path: read.path,
    target: read.target,
    receivedTarget: target,
    fields: new RecordFields(fields),
    protocol,
  } as const;
  return { head, clientAddress: forwarded?.clientAddress ?? peer };
}
