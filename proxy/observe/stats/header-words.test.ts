import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { headerInWords } from './header-words.ts';

const shown = (name: string, value = 'hush') => headerInWords({ name, value });

test('a value is shown with the way it is compared', () => {
  assert.equal(shown('x-team', 'payments'), 'x-team = payments');
  assert.equal(headerInWords({ name: 'x-team', type: 'RegularExpression', value: 'pay.*' }), 'x-team ~ pay.*');
  assert.equal(shown('x-team', 'p'.repeat(41)), `x-team = ${'p'.repeat(40)}…`);
});

test('values of credentials are hidden, whatever they are and however they are compared', () => {
  const names = [
    ...['authorization', 'proxy-authorization', 'cookie', 'set-cookie', 'x-auth', 'www-authenticate', 'x-amz-security-token'],
    ...[
      'x-api-key',
      'apikey',
      'api_key',
      'x-key',
      'x-access-key-id',
      'x-secret',
      'x-vault-password',
      'x-session-id',
      'x-hub-signature',
    ],
    ...['x-csrf', 'x-xsrf', 'x-jwt-assertion', 'X-Forwarded-Access-Token', 'AUTHORIZATION', 'x-pin', 'x-otp-1'],
  ];
  const mode = fc.constantFrom(undefined, 'Exact' as const, 'RegularExpression' as const);
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.string({ minLength: 1 }), mode, (name, value, type) => {
      const text = headerInWords({ name, value, ...(type && { type }) });
      assert.equal(text, `${name} ${type === 'RegularExpression' ? '~' : '='} ***`);
    }),
  );
});

test('other names are not', () => {
  for (const name of [
    'x-team',
    'accept-language',
    'x-canary',
    'user-agent',
    'x-monkey',
    'x-keyboard',
    'x-region',
    'content-type',
  ])
    assert.equal(shown(name), `${name} = hush`);
});
