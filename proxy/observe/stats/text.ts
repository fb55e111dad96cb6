/** Text that others chose (names, paths, reasons), for people's eyes. PURE. */

/** Control characters, and those that are not seen or turn the order of others round. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu;

/** At most `max` characters, each of them seen for what it is. */
export function printable(text: string, max = 160): string {
  const seen = text.slice(0, max).toWellFormed().replace(UNSEEN, '\u{fffd}');
  return text.length > max ? `${seen}…` : seen;
}

const MAX_FILTER = 100;
const MAX_WORDS = 8;

/** What rows are chosen by: every word must be somewhere in a row, in whatever case. */
export interface Filter {
  /** As it is shown. */
  readonly text: string;
  readonly words: readonly RegExp[];
}

/** Never fails: what is too long is cut off. */
export function readFilter(query: string): Filter {
  const text = printable(query.trim().slice(0, MAX_FILTER), MAX_FILTER);
  const words = text.split(/\s+/).filter((word) => word !== '');
  // Literal, so that no filter can take long.
  const literal = (word: string) => new RegExp(word.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'), 'i');
  return { text, words: words.slice(0, MAX_WORDS).map(literal) };
}

/** The words that are in none of the texts. */
export function missing(words: readonly RegExp[], texts: readonly string[]): readonly RegExp[] {
  return words.length === 0 ? words : words.filter((word) => !texts.some((text) => word.test(text)));
}
