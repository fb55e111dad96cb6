import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readTraceContext } from './trace-context.ts';
import { fieldsOf } from '../message/test-fields.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const VALID = `00-${TRACE}-${SPAN}-01`;
const read = (traceparent: string | string[]) => readTraceContext(fieldsOf({ traceparent }));

test('the ids of a valid traceparent', () => {
  const ids = { traceId: TRACE, spanId: SPAN };
  for (const value of [VALID, `cc-${TRACE}-${SPAN}-00`, `cc-${TRACE}-${SPAN}-00-more`]) assert.deepEqual(read(value), ids, value);
});

test('an invalid one counts as absent', () => {
  assert.equal(readTraceContext(fieldsOf({})), undefined);
  for (const value of [
    '',
    `ff-${TRACE}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    VALID.toUpperCase(),
    `${VALID}-more`,
    `cc-${TRACE}-${SPAN}-00more`,
    ` ${VALID}`,
    `${VALID}\n`,
    VALID.slice(0, -1),
    VALID.replace('4', 'g'),
    [VALID, VALID],
  ]) {
    assert.equal(read(value), undefined, JSON.stringify(value));
  }
});

test('no other text is taken for one', () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: fc.constantFrom('0', 'a', 'f', '-', 'F', ' '), minLength: 50, maxLength: 60 }),
  );
  fc.assert(
    fc.property(text, (value) => {
      const ids = read(value);
      if (ids) assert.ok(value.startsWith(`${value.slice(0, 2)}-${ids.traceId}-${ids.spanId}-`) && !value.startsWith('ff'));
    }),
  );
});
