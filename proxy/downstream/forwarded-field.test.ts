import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseForwarded } from './forwarded-field.ts';
import { MAX_TRUSTED_HOPS } from '../snapshot/limits.ts';

const NONE = { address: undefined, node: 'unknown', proto: undefined, host: undefined };
const at = (address: string) => ({ ...NONE, address, node: address });

describe('well-formed', () => {
  const cases: readonly [field: string, ...elements: object[]][] = [
    ['for=192.0.2.60;proto=http;by=203.0.113.43', { ...at('192.0.2.60'), proto: 'http' }],
    ['for="_gazonk"', { ...NONE, node: '_gazonk' }],
    ['For="[2001:db8:cafe::17]:4711"', at('2001:db8:cafe::17')],
    ['for=192.0.2.43, for="[2001:db8:cafe::17]"', at('192.0.2.43'), at('2001:db8:cafe::17')],
    ['for=192.0.2.43,for=198.51.100.17;by=203.0.113.60', at('192.0.2.43'), at('198.51.100.17')],
    ['for=192.0.2.43 \t,\t for=unknown\t', at('192.0.2.43'), NONE],
    ['host="a.test:80";proto="https"', { ...NONE, host: 'a.test:80', proto: 'https' }],
    ['for="1\\92.0.2.\\43"', at('192.0.2.43')],
    ['for="::ffff:192.0.2.43"', at('192.0.2.43')],
    ['for="[2001:DB8::1"', NONE],
    ['for="_a:_b"', NONE],
    ['for=""', NONE],
    ['for="a\xe9"', NONE],
    ['for=1.2.3.4.5', { ...NONE, node: '1.2.3.4.5' }],
    ['host="\\"\\\\,;"', { ...NONE, host: '"\\,;' }],
    [';for=192.0.2.43;;', at('192.0.2.43')],
    ['for=192.0.2.43 ; proto=https\t,for=192.0.2.44; by=b', { ...at('192.0.2.43'), proto: 'https' }, at('192.0.2.44')],
    ['', NONE],
    [',', NONE, NONE],
    ['for=192.0.2.43,', at('192.0.2.43'), NONE],
    ['__proto__=a;for=192.0.2.43', at('192.0.2.43')],
  ];
  for (const [field, ...elements] of cases) test(field, () => assert.deepEqual(parseForwarded(field), elements));
});

describe('malformed as a whole', () => {
  const cases = [
    ...['for', 'for=', '=a', 'for =a', 'for= a', 'for=a by=b', 'for="a"b', 'for=a"b"', 'for="a', 'for="'],
    ...[
      'for="a\\',
      'for="a\\"',
      'for=[::1]',
      'for=a:80',
      'host=a/b',
      'for=a;For=b',
      'by=a;by=a',
      'for=\xe9',
      'for="a\x7f"',
      'for="a\nb"',
    ],
    ...[
      'for="ā"',
      ' for=a',
      'for=a, for',
      'for=", for=192.0.2.43',
      'for=", for="[2001:db8::1]";proto=https',
      'for=a\n',
      'for=a,\n',
    ],
  ];
  for (const field of cases) test(JSON.stringify(field), () => assert.equal(parseForwarded(field), undefined));
});

test('of a long list the last elements are returned', () => {
  const list = Array.from({ length: 1000 }, (_, i) => `for=1.1.${i >> 8}.${i & 255}`);
  const last = list.slice(-MAX_TRUSTED_HOPS).map((one) => at(one.slice('for='.length)));
  assert.deepEqual(parseForwarded(list.join(',')), last);
  assert.equal(parseForwarded(`for=[,${list.join(',')}`), undefined, 'but all of it must be well-formed');
});

// Much longer than a head can be (64 KiB): a step per pair of characters would take minutes.
test('256 KiB of anything is read in one pass', () => {
  const LENGTH = 256 * 1024;
  const parts = ['a', 'a=', 'a="', '"', '\\', '\\"', ' ', '\t,', ';', ',', 'a=b;', 'for=1.1.1.1,', 'a="\\"\\\\",', '='];
  for (const start of ['', 'for=', 'for="', 'for=a', 'for="a"'])
    for (const part of parts) {
      const text = start + part.repeat(Math.ceil(LENGTH / part.length));
      for (const end of ['', '"', 'é', '"é', ',for=2.2.2.2'])
        assert.ok((parseForwarded(text + end)?.length ?? 0) <= MAX_TRUSTED_HOPS);
    }
});

describe('properties', () => {
  test('nothing that is sent throws or yields what must not be in X-Forwarded-For', () => {
    const piece = fc.constantFrom(
      ...['for', 'proto', 'host', '=', '"', '\\', ',', ';', ' ', '\t', '1.2.3.4', '[::1]', 'a', '\n', 'é'],
    );
    const sent = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.array(piece, { maxLength: 30 }).map((all) => all.join('')),
    );
    const property = fc.property(sent, (text) => {
      for (const { node } of parseForwarded(text) ?? []) assert.match(node, /^[!#-+\-.0-9A-Z^_`a-z|~:]+$/);
    });
    fc.assert(property, { numRuns: 2000 });
  });

  const letters = [...'abcXYZ019_-.~ \t,;="\\[]:\xe9'];
  const value = fc.array(fc.constantFrom(...letters), { maxLength: 12 }).map((all) => all.join(''));
  const element = fc.record({ for: fc.oneof(fc.ipV4(), value), proto: value, host: value }, { requiredKeys: [] });
  const quote = (text: string, escaped: boolean) => `"${escaped ? text.replace(/./g, '\\$&') : text.replace(/["\\]/g, '\\$&')}"`;

  test('what was written is read', () => {
    const written = fc.array(fc.tuple(element, fc.boolean(), fc.boolean()), { minLength: 1, maxLength: MAX_TRUSTED_HOPS });
    const property = fc.property(written, (list) => {
      const text = list.map(([pairs, bare, escaped]) =>
        Object.entries(pairs)
          .map(([name, one]) => `${name}=${bare && /^[a-z0-9_.~-]+$/i.test(one) ? one : quote(one, escaped)}`)
          .join(';'),
      );
      const found = parseForwarded(text.join(', '));
      assert.deepEqual(
        found?.map(({ proto, host }) => ({ proto, host })),
        list.map(([{ proto, host }]) => ({ proto, host })),
      );
      for (const [i, [{ for: node = '' }]] of list.entries()) if (/^[\w.~-]+$/.test(node)) assert.equal(found?.[i]?.node, node);
    });
    fc.assert(property, { numRuns: 500 });
  });
});
