import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { loadRegexEngine } from '../../proxy/route/regex-engine.ts';
import { compileProgram, intersect } from './regex-intersection.ts';

/** As the proxy compiles expressions. */
const compile = await loadRegexEngine();
const FROM_SLASH = '(?s)/.*';

const find = (expression: string, other = FROM_SLASH) => intersect(compileProgram(expression), compileProgram(other));

const NONE = [
  '',
  'api/.*',
  '^api',
  'users$^',
  '[^/].*',
  '(?i)API',
  '/\\A.*',
  '/.\\zx',
  'a^b',
  '\\b\\B',
  '/a\\bb',
  '/a\\B-',
  '[^\\s\\S]',
  '/[^\\x00-\\xff]',
];
const SOME: readonly (readonly [string, string])[] = [
  ['/api/.*', '/api/'],
  ['.*', '/'],
  ['\\/v[0-9]+', '/v0'],
  ['//x', '//x'],
  ['^/$', '/'],
  ['/a|b', '/a'],
  ['/\\bA\\b', '/A'],
  ['(?m)/$\\n^a', '/\na'],
  ['(?i)/K', '/K'],
  ['/(a{0,3}){2,}b', '/b'],
];

describe('texts that begin with / and match', () => {
  for (const expression of NONE) test(`${expression}: none`, () => assert.equal(find(expression), 'empty'));
  for (const [expression, example] of SOME)
    test(expression, () => {
      assert.deepEqual(find(expression), { example });
      assert.ok(compile(expression)(example));
    });
});

const leaf = fc.constantFrom(
  'a',
  'b',
  '/',
  '-',
  '_',
  '\\n',
  '.',
  '(?s:.)',
  '[ab]',
  '[^/]',
  '[^a-c]',
  '\\w',
  '\\W',
  '^',
  '$',
  '\\A',
  '\\z',
  '\\b',
  '\\B',
  '(?m:^)',
  '(?m:$)',
  '(?i:B)',
  '',
);
const expressions = fc.letrec<{ one: string }>((tie) => ({
  one: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.tuple(tie('one'), tie('one')).map((two) => two.join('')),
    fc.tuple(tie('one'), tie('one')).map((two) => `(?:${two.join('|')})`),
    fc.tuple(tie('one'), fc.constantFrom('*', '+', '?', '{2}', '{0,2}', '*?')).map(([one, times]) => `(${one})${times}`),
  ),
})).one;

/** Every text of up to four characters of these, which are of all kinds. */
const ALPHABET = ['a', 'b', '/', '-', '\n', 'C'];
const TEXTS = ALPHABET.reduce(
  (texts) =>
    texts.at(-1)?.length === 4
      ? texts
      : [
          ...texts,
          ...texts.filter(({ length }) => length === texts.at(-1)?.length).flatMap((text) => ALPHABET.map((one) => text + one)),
        ],
  [''],
);

test('for any expression: an example matches, and where there is none, no text matches', () => {
  assert.ok(TEXTS.length > 1_500);
  let none = 0;
  fc.assert(
    fc.property(expressions, fc.constantFrom(FROM_SLASH, '/[!-~]*', '(?:[^/]|/a)*', '\\w+\\b-?'), (expression, other) => {
      const found = find(expression, other);
      const [matches, matchesOther] = [compile(expression), compile(other)];
      if (found === 'empty') {
        none++;
        for (const text of TEXTS) assert.ok(!matchesOther(text) || !matches(text), JSON.stringify(text));
      } else {
        assert.ok(typeof found === 'object');
        assert.ok(matches(found.example) && matchesOther(found.example), JSON.stringify(found.example));
      }
    }),
    { numRuns: 3_000 },
  );
  assert.ok(none > 300, `${none} of them had no match`);
});

test('a search that takes too many states is undecided, not wrong', () => {
  const [wide, other] = ['(?:a?b?){60}c', '(?:b?a?){60}d'];
  assert.equal(find(wide, other), 'undecided');
});

test('an instruction that is not known makes it undecided', () => {
  const program = compileProgram('a');
  const unknown = { start: 0, inst: [{ op: 99, out: 0, arg: 0, matchRune: () => false }] };
  assert.equal(intersect(unknown, program), 'undecided');
  assert.equal(intersect(program, unknown), 'undecided');
});
