/** Reads a response of node:http into a ResponseHead; returns a sentence if it must not be forwarded. */
import type { IncomingMessage } from 'node:http';
import { readResponseFields } from '../../http1/response-head.ts';
import { readUpgradeResponse } from '../../http1/upgrade-response.ts';
import { ListFields } from '../../message/fields.ts';
import type { Fields } from '../../message/fields.ts';
import type { RequestHead } from '../../message/request-head.ts';
import type { ResponseHead } from '../../message/response-head.ts';

export interface ReadResponse {
  readonly head: ResponseHead;
  /** Milliseconds for which the backend keeps the connection; Infinity if it does not say. */
  readonly keepAlive: number;
  /** The connection must not be reused. */
  readonly last: boolean;
}

export function readResponse(response: IncomingMessage): ReadResponse | string {
  const { statusCode: status = 0, statusMessage: reasonPhrase, rawHeaders, httpVersionMajor, httpVersionMinor } = response;
  if (status < 200 || status > 999) return `status ${status}`;
  if (httpVersionMajor !== 1) return `HTTP/${response.httpVersion}`;
  const { fault, list, hasLength, trailer, keepAlive, last } = readResponseFields(rawHeaders, httpVersionMinor, status);
  if (fault !== undefined) return fault;
  const fields = new ListFields(list);
  return { head: { status, reasonPhrase, fields, hasLength, trailer, protocol: undefined }, keepAlive, last };
}

/** The end-to-end fields of an interim response. */
export function interimFields(raw: readonly string[]): Fields {
  return new ListFields(readResponseFields(raw, 1, 100).list);
}

/** @param request as it was sent to the backend. */
export function readUpgrade(response: IncomingMessage, request: RequestHead): ResponseHead | string {
  if (request.protocol === undefined) return '101 that was not asked for';
  const { statusMessage: reasonPhrase, rawHeaders, httpVersionMinor } = response;
  const read = readUpgradeResponse(rawHeaders, httpVersionMinor, request.protocol, request.fields.all('sec-websocket-key'));
  if (typeof read === 'string') return read;
  const fields = new ListFields(read.list);
  return { status: 101, reasonPhrase, fields, hasLength: false, trailer: undefined, protocol: read.protocol };
}
