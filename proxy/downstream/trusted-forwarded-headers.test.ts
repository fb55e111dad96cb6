import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTrust } from './client-address.ts';
import type { Trust } from './client-address.ts';
import { keepTrustedForwarded, readTrustedForwarded } from './trusted-forwarded-headers.ts';
import type { FieldRecord } from '../message/fields.ts';

const trust = createTrust({ trustedCIDRs: ['10.0.0.0/8'] }) as Trust;
const own = { 'x-forwarded-for': '10.0.0.1', 'x-forwarded-proto': 'http', 'x-forwarded-port': '80', 'x-forwarded-host': 'own' };

/** The fields that a backend receives for a trusted peer. */
function kept(...raw: string[]): FieldRecord {
  const found = readTrustedForwarded(raw, '10.0.0.1', trust);
  assert.ok(found);
  const fields: FieldRecord = { ...own };
  keepTrustedForwarded(fields, found);
  return fields;
}

test('fields of a peer that is not trusted are ignored', () => {
  assert.equal(readTrustedForwarded(['X-Forwarded-For', '1.1.1.1'], '11.0.0.1', trust), undefined);
});

test('the list is forwarded as received, with the peer appended', () => {
  assert.equal(kept('x-forwarded-for', '6.6.6.6,  junk')['x-forwarded-for'], '6.6.6.6,  junk, 10.0.0.1');
  assert.deepEqual(kept('Host', 'a'), own);
  assert.deepEqual(kept('X-Forwarded-For', ''), own);
});

test('repeated fields are one list, in their order', () => {
  const raw = ['X-Forwarded-For', '6.6.6.6', 'Accept', '*/*', 'x-FORWARDED-for', '2.2.2.2', 'X-Forwarded-For', '10.0.0.2'];
  assert.equal(kept(...raw)['x-forwarded-for'], '6.6.6.6, 2.2.2.2, 10.0.0.2, 10.0.0.1');
  assert.equal(readTrustedForwarded(raw, '10.0.0.1', trust)?.clientAddress, '2.2.2.2');
  const emptied = [...raw, 'X-Forwarded-For', ''];
  assert.equal(readTrustedForwarded(emptied, '10.0.0.1', trust)?.clientAddress, '10.0.0.1', 'an empty field is an entry, too');
});

test('an empty first field does not hide the others', () => {
  const raw = ['X-Forwarded-For', '', 'X-Forwarded-For', '2.2.2.2'];
  assert.equal(readTrustedForwarded(raw, '10.0.0.1', trust)?.clientAddress, '2.2.2.2');
});

test('Connection cannot remove X-Forwarded-For', () => {
  const raw = ['Connection', 'X-Forwarded-For', 'X-Forwarded-For', '2.2.2.2'];
  assert.equal(readTrustedForwarded(raw, '10.0.0.1', trust)?.clientAddress, '2.2.2.2');
});

const wellFormed: readonly [name: string, value: string, kept: string][] = [
  ['X-Forwarded-Proto', 'https', 'https'],
  ['X-Forwarded-Proto', 'HTTPS', 'https'],
  ['X-Forwarded-Proto', 'wss', 'wss'],
  ['X-Forwarded-Port', '443', '443'],
  ['X-Forwarded-Host', 'Shop.example:8443', 'Shop.example:8443'],
  ['X-Forwarded-Host', '[2001:db8::1]:8443', '[2001:db8::1]:8443'],
];
for (const [name, value, expected] of wellFormed)
  test(`${name}: ${value} is kept`, () => assert.deepEqual(kept(name, value), { ...own, [name.toLowerCase()]: expected }));

const malformed: readonly (readonly [name: string, value: string])[] = [
  ...['', 'ftp', 'https, http', 'https,', 'h ttp', 'javascript'].map((value) => ['X-Forwarded-Proto', value] as const),
  ...['', '0', '65536', '080', '44 3', '443, 80', '-1'].map((value) => ['X-Forwarded-Port', value] as const),
  ...['', 'a b', 'a/b', 'u@a', 'a:99999', 'a, b', 'a,b', 'a'.repeat(400)].map((value) => ['X-Forwarded-Host', value] as const),
];
for (const [name, value] of malformed)
  test(`${name}: ${JSON.stringify(value).slice(0, 20)} is replaced by the proxy’s own`, () =>
    assert.deepEqual(kept(name, value), own));

test('a repeated field is replaced by the proxy’s own', () => {
  for (const [name, value] of wellFormed) assert.deepEqual(kept(name, value, name, value), own);
});
