/** A case from client to backend, and how its texts are made. */
import { C } from '../../proxy/contract/test-request-case.ts';
import type { ClientScript } from './conversation.ts';

export interface DifferentialRequest extends ClientScript {
  readonly what: string;
}

/** A request after which every proxy closes the connection. */
export const LAST = `GET /last HTTP/1.1\r\n${C}\r\n`;

/** A request on a connection that stays open. */
export const open = (line: string, fields = '', body = '') => `${line} HTTP/1.1\r\nHost: a\r\n${fields}\r\n${body}`;

/** A table of names and texts as cases. */
export const cases = (table: readonly (readonly [what: string, send: string])[]): readonly DifferentialRequest[] =>
  table.map(([what, send]) => ({ what, send }));
