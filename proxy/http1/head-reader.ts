/**
 * Reads heads of HTTP/1 (RFC 9112 §2 and §5), and the trailers after a body, from bytes that arrive in any pieces. Each byte is looked at
 * once, and copied at most twice. What can be read in more than one way is refused: a bare CR or LF, a folded line, white space before a
 * colon, control characters. A fault is found in the byte that makes it, not at the end of the head.
 */
import { COLON, CR, FIELD_VALUE, isSpace, LF, TOKEN } from './octets.ts';
import { WireFields } from './wire-fields.ts';

/** The message is not whole yet. */
export const MORE = -1;
/** The message is malformed; `fault` says how. */
export const MALFORMED = -2;

export interface HeadLimits {
  /** Bytes of the whole head. */
  readonly bytes: number;
  readonly fields: number;
}

/** Reads the first line of a head. */
export interface StartLine {
  /** Reads on in `bytes`, which begin with the line; returns where the next line begins, MORE or MALFORMED. */
  read(bytes: Buffer, end: number): number;
  /** Begins a line. */
  reset(): void;
}

/** What is read next. */
const START = 0;
const NAME = 1;
const BEFORE_VALUE = 2;
const VALUE = 3;
const FIELD_LF = 4;
const LAST_LF = 5;

/** Bytes after a head that it may keep alive. */
const MAX_KEPT = 4096;
const NOTHING = Buffer.alloc(0);
const NO_FIELDS = new WireFields(NOTHING, []);

export class HeadReader {
  /** Those of the last whole head. */
  fields: WireFields = NO_FIELDS;
  fault = '';
  /** The limit that the head exceeds, where that is its fault. */
  excess: keyof HeadLimits | undefined;
  #start: StartLine | undefined;
  #limits: HeadLimits;
  #bytes: Buffer = NOTHING;
  /** Bytes of the head in `#bytes`, perhaps with some that follow it. */
  #filled = 0;
  /** Bytes that were read. */
  #at = 0;
  #state: number;
  /** Where the line begins. */
  #line = 0;
  /** See WireFields. */
  #positions: number[] = [];

  /** @param start undefined: there is no first line, only fields. */
  constructor(start: StartLine | undefined, limits: HeadLimits) {
    this.#start = start;
    this.#limits = limits;
    this.#state = start ? START : NAME;
  }

  /** Reads on; returns where in `chunk` the head ends, MORE or MALFORMED. The chunk must not change while its fields are used. */
  read(chunk: Buffer, from: number): number {
    if (from === chunk.length) return MORE;
    const before = this.#filled;
    if (before === 0) {
      this.#bytes = from === 0 ? chunk : chunk.subarray(from);
      this.#filled = this.#bytes.length;
    } else this.#append(chunk, from);
    const end = this.#scan();
    if (end > this.#limits.bytes || (end === MORE && this.#filled > this.#limits.bytes))
      return this.#refuse('it is too large', 'bytes');
    if (end === MORE && before === 0) this.#keep();
    if (end < 0) return end;
    const fields = this.#positions.length === 0 ? NO_FIELDS : new WireFields(this.#headBytes(end), this.#positions);
    this.reset();
    this.fields = fields;
    return from + end - before;
  }

  /** Begins another head, and forgets the last one with its bytes. */
  reset(): void {
    this.fields = NO_FIELDS;
    this.#start?.reset();
    this.#bytes = NOTHING;
    this.#filled = this.#at = this.#line = 0;
    this.#positions = [];
    this.#state = this.#start ? START : NAME;
  }

  /** The bytes of a whole head. It does not keep a body alive that arrived with it: a response may take hours. */
  #headBytes(end: number): Buffer {
    return this.#bytes.length - end > MAX_KEPT ? Buffer.from(this.#bytes.subarray(0, end)) : this.#bytes;
  }

  /** A part of a head does not keep the buffer alive that it arrived in, and can grow. */
  #keep(): void {
    const copy = Buffer.allocUnsafe(this.#capacity());
    this.#bytes.copy(copy, 0, 0, this.#filled);
    this.#bytes = copy;
  }

  #append(chunk: Buffer, from: number): void {
    // Of what follows a head that becomes whole, no more is copied than a head may have.
    const to = Math.min(chunk.length, from + this.#limits.bytes + 1 - this.#filled);
    const filled = this.#filled + to - from;
    if (filled > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(this.#capacity(filled));
      this.#bytes.copy(larger, 0, 0, this.#filled);
      this.#bytes = larger;
    }
    chunk.copy(this.#bytes, this.#filled, from, to);
    this.#filled = filled;
  }

  /** Bytes for a head of which `filled` have arrived: no more than a head may have. */
  #capacity(filled = this.#filled): number {
    return Math.max(filled, Math.min(Math.max(256, filled * 2), this.#limits.bytes + 1));
  }

  /** Reads no further than a head may reach: whether it is malformed or too large does not depend on the pieces it arrives in. */
  #scan(): number {
    const end = Math.min(this.#filled, this.#limits.bytes + 1);
    if (this.#state === START) {
      const next = (this.#start as StartLine).read(this.#bytes, end);
      if (next === MALFORMED) return this.#refuse('its first line is malformed');
      if (next === MORE) return MORE;
      this.#at = this.#line = next;
      this.#state = NAME;
    }
    return this.#scanFields(end);
  }

  #scanFields(end: number): number {
    const bytes = this.#bytes;
    let at = this.#at;
    while (at < end) {
      switch (this.#state) {
        case NAME:
          while (at < end && TOKEN[bytes[at] as number] === 1) at++;
          if (at === end) break;
          if (bytes[at] === COLON && at > this.#line) {
            this.#positions.push(this.#line, at);
            this.#state = BEFORE_VALUE;
          } else if (bytes[at] === CR && at === this.#line) this.#state = LAST_LF;
          else return this.#refuse('a name of a field is malformed');
          at++;
          break;
        case BEFORE_VALUE:
          while (at < end && isSpace(bytes[at])) at++;
          if (at === end) break;
          this.#positions.push(at);
          this.#state = VALUE;
          break;
        case VALUE:
          while (at < end && FIELD_VALUE[bytes[at] as number] === 1) at++;
          if (at === end) break;
          if (bytes[at] !== CR) return this.#refuse('a value of a field is malformed');
          this.#endValue(at++);
          if (this.#positions.length > 4 * this.#limits.fields) return this.#refuse('it has too many fields', 'fields');
          this.#state = FIELD_LF;
          break;
        case FIELD_LF:
          if (bytes[at] !== LF) return this.#refuse('a CR without LF');
          this.#line = ++at;
          this.#state = NAME;
          break;
        default:
          return bytes[at] === LF ? at + 1 : this.#refuse('a CR without LF');
      }
    }
    this.#at = at;
    return MORE;
  }

  /** White space after a value does not belong to it. */
  #endValue(to: number): void {
    const from = this.#positions.at(-1) as number;
    while (to > from && isSpace(this.#bytes[to - 1])) to--;
    this.#positions.push(to);
  }

  #refuse(fault: string, excess?: keyof HeadLimits): number {
    this.fault = fault;
    this.excess = excess;
    return MALFORMED;
  }
}
