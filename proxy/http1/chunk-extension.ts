/**
 * The extensions of one chunk (RFC 9112 §7.1.1), from the byte after the first `;` on, byte by byte: names, with a token or a quoted
 * string as value or none. They are read strictly and not forwarded. White space is refused where the grammar has only "bad" one.
 */
import { BACKSLASH, CR, EQUALS, FIELD_VALUE, QUOTE, SEMICOLON, TOKEN } from './octets.ts';

/** What was read last. */
const SEPARATOR = 0;
const NAME = 1;
const EQUALS_SIGN = 2;
const VALUE = 3;
const QUOTED = 4;
const ESCAPE = 5;
const QUOTED_END = 6;

export class ChunkExtension {
  #state = SEPARATOR;

  reset(): void {
    this.#state = SEPARATOR;
  }

  /** Reads one byte: whether the grammar allows it here. A CR ends the extensions. */
  take(byte: number): boolean {
    switch (this.#state) {
      case QUOTED:
        if (byte === QUOTE) this.#state = QUOTED_END;
        else if (byte === BACKSLASH) this.#state = ESCAPE;
        return FIELD_VALUE[byte] === 1;
      case ESCAPE:
        this.#state = QUOTED;
        return FIELD_VALUE[byte] === 1;
      case SEPARATOR:
        this.#state = NAME;
        return TOKEN[byte] === 1;
      case EQUALS_SIGN:
        this.#state = byte === QUOTE ? QUOTED : VALUE;
        return byte === QUOTE || TOKEN[byte] === 1;
      default:
        return this.#after(byte);
    }
  }

  /** After a part that may be the last one. */
  #after(byte: number): boolean {
    if (byte === CR) return true;
    if (byte === SEMICOLON) {
      this.#state = SEPARATOR;
      return true;
    }
    if (byte === EQUALS && this.#state === NAME) {
      this.#state = EQUALS_SIGN;
      return true;
    }
    return this.#state !== QUOTED_END && TOKEN[byte] === 1;
  }
}
