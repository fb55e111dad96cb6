import assert from 'node:assert/strict';
import { test } from 'node:test';
import { schemaVersionFile } from './schema-version.ts';

const definition = (version: string | undefined, schema: object) => ({
  metadata: { annotations: version === undefined ? {} : { 'outrigger.dev/schema-version': version } },
  spec: { versions: [{ name: 'v1', schema }] },
});
const worded = (words: string, rule = 'self > 0') => ({
  ...{ type: 'object', description: words },
  'x-kubernetes-validations': [{ rule, message: words }],
});
const BEFORE = schemaVersionFile(definition('3', worded('old words')), '');

test('the file holds the version and is the same as long as the schema is', () => {
  assert.match(BEFORE, /export const SCHEMA_VERSION = 3;\n\/\/ digest: [0-9a-f]{64}\n$/);
  assert.equal(schemaVersionFile(definition('3', worded('new words')), BEFORE), BEFORE);
});

test('a change of the schema needs a higher version', () => {
  const changed = { type: 'object', properties: { description: { type: 'string' } } };
  for (const version of ['3', '2']) {
    assert.throws(() => schemaVersionFile(definition(version, changed), BEFORE), /raise the annotation .* above 3/);
  }
  const after = schemaVersionFile(definition('4', changed), BEFORE);
  assert.match(after, /SCHEMA_VERSION = 4;/);
  const renamed = { type: 'object', properties: { description: { type: 'integer' } } };
  assert.throws(() => schemaVersionFile(definition('4', renamed), after), /raise/, 'a field called description counts');
  assert.throws(() => schemaVersionFile(definition('3', worded('old words', 'self > 1')), BEFORE), /raise/, 'a rule counts');
});

test('a version is a whole number from 1', () => {
  for (const version of [undefined, '', '0', '1.0', 'v1', '-1']) {
    assert.throws(() => schemaVersionFile(definition(version, {}), ''), /must be a whole number/, String(version));
  }
});
