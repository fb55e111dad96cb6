import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { noteOf, readIdle, readMaintenance, readSharedWith, readWeight, sentenceOf } from './annotations.ts';

const weight = (value: string) => readWeight({ 'outrigger.dev/weight': value });

test('weight: a whole number from 0 to 1000, 1 without the annotation', () => {
  assert.deepEqual(readWeight(undefined), { weight: 1 });
  assert.deepEqual(readWeight({}), { weight: 1 });
  for (const value of ['0', '1', '007', '1000']) assert.deepEqual(weight(value), { weight: Number(value) });
  for (const value of ['', 'two', '-1', '1.5', '1001', '1e3', ' 1', '00001', '٣']) {
    const { weight: used, problem } = weight(value);
    assert.deepEqual([used, problem?.value], [1, value]);
  }
  const { problem } = weight('two');
  assert.equal(
    problem && sentenceOf(problem),
    'The annotation outrigger.dev/weight cannot be read: "two" is not a whole number from 0 to 1000. The weight is 1, as without the annotation.',
  );
});

test('maintenance and idle: "true" or "false", false without the annotation', () => {
  const maintenance = (value: string) => readMaintenance({ 'outrigger.dev/maintenance': value });
  const idle = (value: string) => readIdle({ 'outrigger.dev/idle': value });
  assert.deepEqual([readMaintenance({}), readIdle(undefined)], [{ maintenance: false }, { idle: false }]);
  assert.deepEqual([maintenance('true'), idle('true')], [{ maintenance: true }, { idle: true }]);
  assert.deepEqual([maintenance('false'), idle('false')], [{ maintenance: false }, { idle: false }]);
  for (const value of ['', 'yes', 'True', '1', 'true ']) {
    assert.deepEqual([maintenance(value).maintenance, maintenance(value).problem?.shown], [false, value]);
    assert.deepEqual([idle(value).idle, idle(value).problem?.shown], [false, value]);
  }
  const { problem } = idle('1');
  assert.equal(
    problem && sentenceOf(problem),
    'The annotation outrigger.dev/idle cannot be read: "1" is not "true" or "false". The policy does not count as idle on purpose.',
  );
});

test('shared-with: names of namespaces or *, separated by commas; the first part that is neither is named', () => {
  const shared = (value: string) => readSharedWith({ 'outrigger.dev/shared-with': value });
  assert.deepEqual(readSharedWith({}), { namespaces: [] });
  assert.deepEqual(shared(''), { namespaces: [] });
  assert.deepEqual(shared('a, b ,,*,'), { namespaces: ['a', 'b', '*'] });
  const { namespaces, problem } = shared('a,team-*,Shop');
  assert.deepEqual([namespaces, problem?.shown], [['a'], 'team-*']);
  assert.match(shared('a;b').problem?.shown ?? '', /^a;b$/);
  assert.match(
    (problem && sentenceOf(problem)) ?? '',
    /"team-\*" is not the name of a namespace, nor \* for all .* the others count\.$/,
  );
});

test('a message shows little of a value, and nothing that cannot be seen', () => {
  const { problem } = weight(`a\n\u202e\u0000b${'c'.repeat(300_000)}`);
  assert.equal(problem?.shown, `ab${'c'.repeat(38)}…`);
  assert.equal(weight('\ud800').problem?.shown, '\ufffd');
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (value) => {
      const { problem } = readIdle({ 'outrigger.dev/idle': value });
      if (problem === undefined) return;
      for (const text of [noteOf(problem), sentenceOf(problem)]) {
        assert.ok(text.isWellFormed() && text.length < 300);
        assert.doesNotMatch(text, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }
    }),
  );
});
