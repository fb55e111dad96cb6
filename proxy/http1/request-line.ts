/**
 * The first line of a request: `GET /path HTTP/1.1`. Any token is a method. Several spaces count as one (RFC 9112 §3); other white space,
 * and versions other than HTTP/1.0 and HTTP/1.1, are refused. The target may be any printable ASCII: request-target.ts reads it.
 */
import { MALFORMED, MORE } from './head-reader.ts';
import type { StartLine } from './head-reader.ts';
import { CR, LF, SP, TOKEN, VISIBLE } from './octets.ts';

/** What is read next. */
const METHOD = 0;
const BEFORE_TARGET = 1;
const TARGET = 2;
const BEFORE_VERSION = 3;
const VERSION = 4;
const LINE_LF = 5;

const ZERO = 48;
const DOT = 46;
const HTTP = 'HTTP/';
const LENGTH = HTTP.length + 3;

export class RequestLine implements StartLine {
  method = '';
  target = '';
  /** 0 or 1. */
  minor = 1;
  /** The line is well-formed, but for a version that is neither 1.0 nor 1.1. */
  otherVersion = false;
  #state = METHOD;
  #at = 0;
  /** Where the part begins that is read now. */
  #from = 0;

  read(bytes: Buffer, end: number): number {
    let at = this.#at;
    while (at < end) {
      const byte = bytes[at] as number;
      switch (this.#state) {
        case METHOD:
          if (TOKEN[byte] === 1) break;
          if (byte !== SP || at === 0) return MALFORMED;
          this.method = methodOf(bytes, at);
          this.#state = BEFORE_TARGET;
          break;
        case TARGET:
          if (VISIBLE[byte] === 1) break;
          if (byte !== SP) return MALFORMED;
          this.target = bytes.toString('latin1', this.#from, at);
          this.#state = BEFORE_VERSION;
          break;
        case VERSION:
          if (!this.#takeVersion(byte, at - this.#from)) return MALFORMED;
          break;
        case LINE_LF:
          return byte === LF && !this.otherVersion ? at + 1 : MALFORMED;
        default:
          if (byte === SP) break;
          if (VISIBLE[byte] !== 1) return MALFORMED;
          this.#from = at;
          this.#state++;
          continue;
      }
      at++;
    }
    this.#at = at;
    return MORE;
  }

  reset(): void {
    this.#state = METHOD;
    this.#at = 0;
    this.otherVersion = false;
  }

  #takeVersion(byte: number, index: number): boolean {
    if (index < HTTP.length) return byte === HTTP.charCodeAt(index);
    if (index === LENGTH) {
      this.#state = LINE_LF;
      return byte === CR;
    }
    if (index === HTTP.length + 1) return byte === DOT;
    const digit = byte - ZERO;
    if (digit < 0 || digit > 9) return false;
    if (index === HTTP.length) this.otherVersion = digit !== 1;
    else {
      this.minor = digit;
      this.otherVersion ||= digit > 1;
    }
    return true;
  }
}

/** Nearly always GET: no string is made. */
function methodOf(bytes: Buffer, end: number): string {
  if (end === 3 && bytes[0] === 71 && bytes[1] === 69 && bytes[2] === 84) return 'GET';
  return bytes.toString('latin1', 0, end);
}
