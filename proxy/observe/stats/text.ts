/** Text from outside (names, paths, reasons) for display. PURE. */

/** Control characters, and characters that are invisible or change the text direction. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu;

/** At most `max` characters, all of them visible. */
export function printable(text: string, max = 160): string {
  const seen = text.slice(0, max).toWellFormed().replace(UNSEEN, '\u{fffd}');
  return text.length > max ? `${seen}…` : seen;
}

const MAX_FILTER = 100;
const MAX_WORDS = 8;

/** A filter of rows: every word must occur in a row, ignoring case. */
export interface Filter {
  /** The text as shown. */
  readonly text: string;
  readonly words: readonly RegExp[];
}

/** Never fails: a text that is too long is cut off. */
export function readFilter(query: string): Filter {
  const text = printable(query.trim().slice(0, MAX_FILTER), MAX_FILTER);
  const words = text.split(/\s+/).filter((word) => word !== '');
  // Literal matching, so that no filter can take long.
  const literal = (word: string) => new RegExp(word.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'), 'i');
  return { text, words: words.slice(0, MAX_WORDS).map(literal) };
}

/** The words that occur in none of the texts. */
export function missing(words: readonly RegExp[], texts: readonly string[]): readonly RegExp[] {
  return words.length === 0 ? words : words.filter((word) => !texts.some((text) => word.test(text)));
}
