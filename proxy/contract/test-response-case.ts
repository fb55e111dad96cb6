/** A case of the backend side's table, and texts of responses. */
import type { Script } from './test-hostile.ts';
import type { Response } from './test-strict.ts';

export interface ResponseCase extends Script {
  readonly what: string;
  /** A GET that ends its connection, unless given. */
  readonly request?: string;
  /** Statuses that the client receives, interim ones included. */
  readonly gets: readonly number[];
  /** The client can see that the last response is not whole. */
  readonly cut?: boolean;
  /** Whether the connection to the backend is reused. */
  readonly reused: boolean;
  readonly check?: (got: readonly Response[]) => boolean;
  /** Why this shows only in the bytes on the client's connection: the case is not tried with a client in memory. */
  readonly bytesOnly?: string;
  /** The engines that differ, and why. */
  readonly except?: Exemptions;
}

interface Exemption extends Pick<ResponseCase, 'gets' | 'cut' | 'reused'> {
  readonly why: string;
}
export type Exemptions = Readonly<Record<string, Exemption>>;
export const C = 'Host: a\r\nConnection: close\r\n';
export const HEAD = `HEAD / HTTP/1.1\r\n${C}\r\n`;
export const OLD = 'GET / HTTP/1.0\r\n\r\n';
export const ok = (fields: string, body = '') => `HTTP/1.1 200 OK\r\n${fields}\r\n${body}`;
export const whole = (body: string, fields = '') => ok(`${fields}Content-Length: ${body.length}\r\n`, body);
export const chunks = (body: string, fields = '') => ok(`${fields}Transfer-Encoding: chunked\r\n`, body);
export const interim = (status: number, fields = '') => `HTTP/1.1 ${status} Interim\r\n${fields}\r\n`;
/** For one request. */
export const MAX_INTERIM = 32;
export const NEXT = whole('next');
export const body = (text: string) => (got: readonly Response[]) => got.at(-1)?.body === text;
export const has = (name: string, value: string) => (got: readonly Response[]) =>
  got.at(-1)?.fields.some(([n, v]) => n === name && v === value) === true;
export const lacks = (name: string) => (got: readonly Response[]) =>
  got.at(-1)?.fields.some(([n]) => n.toLowerCase() === name) === false;

export const hasAny = ({ fields }: Response, names: readonly string[]) => fields.some(([n]) => names.includes(n.toLowerCase()));
