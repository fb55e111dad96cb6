/** Bodies `ab` in chunks with "bad" white space in their extensions, which a recipient must parse (RFC 9112 §7.1.1). */
export const SPACED: readonly (readonly [where: string, body: string])[] = [
  ['a space before a chunk extension', '2 ;a=b\r\nab\r\n0\r\n\r\n'],
  ['a tab before a chunk extension', '2\t;a=b\r\nab\r\n0\r\n\r\n'],
  ['a space before the name of a chunk extension', '2; a=b\r\nab\r\n0\r\n\r\n'],
  ['a space after the name of a chunk extension', '2;a ;b\r\nab\r\n0\r\n\r\n'],
  ['a space before = in a chunk extension', '2;a =b\r\nab\r\n0\r\n\r\n'],
  ['a space after = in a chunk extension', '2;a= b\r\nab\r\n0\r\n\r\n'],
  ['a space after the value of a chunk extension', '2;a="b" ;c=d\t;e\r\nab\r\n0\r\n\r\n'],
  ['much white space in a chunk extension', '2 \t ; \t a \t = \t "b c" \t ; \t d\r\nab\r\n0\r\n\r\n'],
  ['a space before an extension of the last chunk', '2\r\nab\r\n0 ;a\r\n\r\n'],
];

/** White space that the grammar does not have. */
export const MISPLACED: readonly (readonly [where: string, body: string])[] = [
  ['a space after a chunk size', '2 \r\nab\r\n0\r\n\r\n'],
  ['a tab after the last chunk size', '2\r\nab\r\n0\t\r\n\r\n'],
  ['a space after the last chunk extension', '2;a \r\nab\r\n0\r\n\r\n'],
  ['a space after the value of the last chunk extension', '2;a=b \r\nab\r\n0\r\n\r\n'],
  ['a tab after the quoted value of the last chunk extension', '2;a="b"\t\r\nab\r\n0\r\n\r\n'],
  ['a space instead of a chunk extension', '2; \r\nab\r\n0\r\n\r\n'],
  ['a space in the name of a chunk extension', '2;a b\r\nab\r\n0\r\n\r\n'],
  ['a space in the value of a chunk extension', '2;a=b c\r\nab\r\n0\r\n\r\n'],
  ['a space instead of a value of a chunk extension', '2;a= \r\nab\r\n0\r\n\r\n'],
  ['another white space before a chunk extension', '2\x0b;a\r\nab\r\n0\r\n\r\n'],
];
