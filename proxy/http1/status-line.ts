/** The first line of a response: `HTTP/1.1 200 OK`. The reason phrase may be absent, and its space too. */
import { MALFORMED, MORE } from './head-reader.ts';
import type { StartLine } from './head-reader.ts';
import { CR, LF, SP } from './octets.ts';

const VERSION = 'HTTP/1.';
const MINOR = 7;
const STATUS = 9;
const AFTER_STATUS = 12;
const ZERO = 48;

export class StatusLine implements StartLine {
  /** 0 or 1. */
  minor = 1;
  /** 100 to 999. */
  status = 0;
  /** Any bytes but CR and LF. */
  reasonPhrase = '';
  #at = 0;

  read(bytes: Buffer, end: number): number {
    let at = this.#at;
    for (; at < end && at < AFTER_STATUS; at++) if (!isExpected(bytes[at] as number, at)) return MALFORMED;
    if (at === AFTER_STATUS && at < end && bytes[at] !== SP && bytes[at] !== CR) return MALFORMED;
    while (at < end && bytes[at] !== CR && bytes[at] !== LF) at++;
    this.#at = at;
    if (at === end || (bytes[at] === CR && at + 1 === end)) return MORE;
    if (bytes[at] === LF || bytes[at + 1] !== LF) return MALFORMED;
    this.minor = (bytes[MINOR] as number) - ZERO;
    this.status = Number(bytes.toString('latin1', STATUS, AFTER_STATUS));
    this.reasonPhrase = reason(bytes, at);
    return at + 2;
  }

  reset(): void {
    this.#at = 0;
  }
}

function isExpected(byte: number, at: number): boolean {
  if (at < MINOR) return byte === VERSION.charCodeAt(at);
  if (at === MINOR) return byte === ZERO || byte === ZERO + 1;
  if (at < STATUS) return byte === SP;
  return byte >= (at === STATUS ? ZERO + 1 : ZERO) && byte <= ZERO + 9;
}

function reason(bytes: Buffer, end: number): string {
  // Nearly always: no string is made.
  if (end === AFTER_STATUS + 3 && bytes[AFTER_STATUS + 1] === 79 && bytes[AFTER_STATUS + 2] === 75) return 'OK';
  return bytes.toString('latin1', AFTER_STATUS + 1, end);
}
