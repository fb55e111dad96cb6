/** Makes the head of an exchange from a request head of HTTP/1 that may be forwarded: adds the fields of this proxy. */
import { forwardedHeaders } from './forwarded-headers.ts';
import type { HttpServerSettings } from './http-server-settings.ts';
import { readTrustedForwarded } from './trusted-forwarded-headers.ts';
import type { ReceivedFields } from '../http1/received-fields.ts';
import type { AcceptedHead } from '../http1/request-head.ts';
import { MAX_FORWARDS, without } from '../http1/request-fields.ts';
import { ExtendedFields } from '../message/fields.ts';
import type { RequestHead } from '../message/request-head.ts';

/** A request head as it was received. */
export interface ReceivedHead {
  readonly method: string;
  readonly target: string;
  /** Of HTTP/1. */
  readonly minor: number;
  readonly fields: ReceivedFields;
  /** The connection that it arrived on. */
  readonly peer: string;
  readonly scheme: 'http' | 'https';
}

/**
 * The head that is forwarded, and the client's address.
 * @param protocol the protocols that the request asks for, if it is forwarded as one that does.
 */
export function acceptRequest(
  { method, target, minor, fields: received, peer, scheme }: ReceivedHead,
  read: AcceptedHead,
  protocol: string | undefined,
  s: HttpServerSettings,
): { readonly head: RequestHead; readonly clientAddress: string } {
  const { authority, maxForwards } = read;
  const trust = s.trust();
  const forwarded = trust && readTrustedForwarded(received, { peer, scheme, port: s.port, authority }, trust);
  const port = forwarded?.port ?? s.port;
  const added = forwardedHeaders({
    forwardedFor: forwarded?.forwardedFor ?? peer,
    proto: forwarded?.proto ?? scheme,
    port,
    host: forwarded?.host ?? authority,
    via: read.via,
    protocolVersion: minor === 1 ? '1.1' : '1.0',
    viaName: s.viaName,
    requestId: read.requestId,
  });
  if (maxForwards !== undefined) added.push(MAX_FORWARDS, String(maxForwards - 1));
  // Some backends refuse a handshake with a length.
  const kept = protocol === undefined ? read.fields : without('content-length', read.fields);
  const head = {
    method,
    scheme: forwarded?.scheme ?? scheme,
    port,
    authority,
    host: read.host,
    path: read.path,
    target: read.target,
    receivedTarget: target,
    fields: new ExtendedFields(kept, added),
    protocol,
    acceptsTrailers: read.acceptsTrailers,
    trailer: read.trailer,
  } as const;
  return { head, clientAddress: forwarded?.clientAddress ?? peer };
}
