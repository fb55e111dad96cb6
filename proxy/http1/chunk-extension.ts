/**
 * The extensions of one chunk (RFC 9112 §7.1.1), from its size on, byte by byte: names, with a token or a quoted string as value or none.
 * They are read strictly and not forwarded. White space is allowed where the grammar has "bad" one, which a recipient must parse (RFC 9110
 * §5.6.3): around `;` and around `=`. It is refused where neither follows, so after a size without extension and after the last one.
 */
import { BACKSLASH, CR, EQUALS, FIELD_VALUE, isSpace, QUOTE, SEMICOLON, TOKEN } from './octets.ts';

/** What was read last, perhaps with white space after it. */
const SEPARATOR = 0;
const EQUALS_SIGN = 1;
/** White space after a size or a value; after a name. */
const SPACE = 2;
const NAME_SPACE = 3;
/** What was read last. */
const NAME = 4;
const VALUE = 5;
const QUOTED = 6;
const ESCAPE = 7;
const QUOTED_END = 8;

export class ChunkExtension {
  #state = SEPARATOR;

  /** `byte`: the first one after a size, a semicolon or white space. */
  begin(byte: number): void {
    this.#state = byte === SEMICOLON ? SEPARATOR : SPACE;
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
        if (isSpace(byte)) return true;
        this.#state = NAME;
        return TOKEN[byte] === 1;
      case EQUALS_SIGN:
        if (isSpace(byte)) return true;
        this.#state = byte === QUOTE ? QUOTED : VALUE;
        return byte === QUOTE || TOKEN[byte] === 1;
      default:
        return this.#after(byte);
    }
  }

  /** After a size, a name or a value. */
  #after(byte: number): boolean {
    const state = this.#state;
    const spaced = state === SPACE || state === NAME_SPACE;
    if (byte === CR) return !spaced;
    if (byte === SEMICOLON) {
      this.#state = SEPARATOR;
      return true;
    }
    const named = state === NAME || state === NAME_SPACE;
    if (byte === EQUALS && named) {
      this.#state = EQUALS_SIGN;
      return true;
    }
    if (isSpace(byte)) {
      this.#state = named ? NAME_SPACE : SPACE;
      return true;
    }
    return !spaced && state !== QUOTED_END && TOKEN[byte] === 1;
  }
}
