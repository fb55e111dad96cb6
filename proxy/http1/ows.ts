/** Optional white space of HTTP (RFC 9110 §5.6.3): only space and tab, unlike that of JavaScript, which has U+00A0 and others. */

/** The text without optional white space at both ends. */
export function trimOws(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isOws(text.charCodeAt(from))) from++;
  while (to > from && isOws(text.charCodeAt(to - 1))) to--;
  return from === 0 && to === text.length ? text : text.slice(from, to);
}

function isOws(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
