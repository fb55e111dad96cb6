/** A case of the client side's table, and texts of requests. */
import type { Request } from './test-strict.ts';

/** What becomes of a case with one engine of the client's side. */
export interface Exemption extends Pick<RequestCase, 'gets' | 'received'> {
  readonly why: string;
  /** The connection stays open, and nothing more is answered on it. */
  readonly staysOpen?: boolean;
}

/** By the name of the engine. */
export type Exemptions = Readonly<Record<string, Exemption>>;

export interface RequestCase {
  readonly what: string;
  /** Sent as it is; several pieces are sent one after the other. */
  readonly send: string | readonly string[];
  /** Statuses of the final responses, after which the proxy closes. */
  readonly gets: readonly number[];
  /** Method and target of each request that the backend received. */
  readonly received: readonly string[];
  /** The engines that differ, and why. */
  readonly except?: Exemptions;
  readonly check?: (received: readonly Request[]) => boolean;
}

/** Fields of a request after which the connection closes. */
export const C = 'Host: a\r\nConnection: close\r\n';
export const get = (fields: string, target = '/') => `GET ${target} HTTP/1.1\r\n${C}${fields}\r\n`;
export const post = (fields: string, body: string) => `POST / HTTP/1.1\r\n${C}${fields}\r\n${body}`;
export const chunked = (body: string) => post('Transfer-Encoding: chunked\r\n', body);
/** Sent as a body: it must not be read as a request. */
export const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
