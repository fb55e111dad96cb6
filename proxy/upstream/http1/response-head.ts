/** Response heads as the client's side takes them. */
import { readUpgradeResponse } from '../../http1/upgrade-response.ts';
import type { WireResponse } from '../../http1/wire-response.ts';
import { ListFields } from '../../message/fields.ts';
import type { RequestHead } from '../../message/request-head.ts';
import type { ResponseHead } from '../../message/response-head.ts';

export function responseHead({ status, reasonPhrase, fields, hasLength, trailer }: WireResponse): ResponseHead {
  return { status, reasonPhrase, fields, hasLength, trailer, protocol: undefined };
}

/**
 * The head of a 101, or a sentence that says why it must not be forwarded.
 * @param request as it was sent to the backend.
 */
export function upgradeHead({ minor, reasonPhrase, received }: WireResponse, request: RequestHead): ResponseHead | string {
  if (request.protocol === undefined) return '101 that was not asked for';
  const read = readUpgradeResponse(received.list(), minor, request.protocol, request.fields.all('sec-websocket-key'));
  if (typeof read === 'string') return read;
  const fields = new ListFields(read.list);
  return { status: 101, reasonPhrase, fields, hasLength: false, trailer: undefined, protocol: read.protocol };
}
