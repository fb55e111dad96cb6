/** The text of the lines, byte for byte: what reads them may be as simple as a search. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { pino } from 'pino';
import { createAccessLog } from './access-log.ts';
import { LogOutput } from './log-output.ts';
import { createLogs } from './log.ts';
import type { EarlyReply } from '../message/early-reply.ts';
import { ListFields } from '../message/fields.ts';
import type { RequestRecord } from '../request/request-record.ts';

/** Written by pino. */
const EXPECTED = readFileSync(new URL('fixtures/access-log.jsonl', import.meta.url), 'utf8');
const START = Date.parse('2026-11-28T10:15:02.113Z');
const POD = 'gateway-"1"';

interface Sent {
  readonly head?: Partial<RequestRecord['exchange']['request']>;
  readonly fields?: readonly string[];
  readonly exchange?: Partial<RequestRecord['exchange']>;
  readonly record?: Partial<RequestRecord>;
}

function recordOf({ head = {}, fields = [], exchange = {}, record = {} }: Sent): RequestRecord {
  const target = head.target ?? '/';
  const [path] = target.split('?');
  const request = { method: 'GET', scheme: 'http', host: 'shop.test', path, target, receivedTarget: target, ...head };
  const accessLog = { enabled: true, samplePercent: 100, query: 'Include' };
  return {
    exchange: {
      request: { ...request, fields: new ListFields(fields) },
      ...{ clientAddress: '192.0.2.7', requestId: '0b0f6e1c-53f0-4c8e-a7a1-6d2f5f0f7f10', protocolVersion: '1.1', ...exchange },
    },
    ...{ route: { route: { policy: 'shop/web', accessLog } }, status: 200, matched: '/', endpoint: { hashKey: 'web-1:8080' } },
    ...{ tries: 1, upstreamMs: 4.1050001, end: { how: 'whole', bytesIn: 0, bytesOut: 5120 }, durationMs: 4.8124 },
    ...record,
  } as unknown as RequestRecord;
}

const RECORDS: readonly Sent[] = [
  {},
  {
    head: {
      method: 'POST',
      scheme: 'https',
      target: '/caf%C3%A9/"x"?q=1&sig=s3cret',
      receivedTarget: '//caf%c3%a9/"x"?q=1&sig=s3cret',
    },
    fields: ['User-Agent', 'a\t"b"\\c\x7f\x80\xff', 'traceparent', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'],
    record: { end: { how: 'client-gone', bytesIn: 2 ** 40, bytesOut: 1 }, durationMs: 1e-9, upstreamMs: 123456.7894, tries: 3 },
  },
  {
    head: { host: '', target: `/${'y'.repeat(120)}"\\\x01` },
    fields: ['user-agent', `${'z'.repeat(120)}\x1f\u2028"`],
    exchange: { protocolVersion: '1.0', clientAddress: '2001:db8::1' },
    record: { status: 503, reason: 'no-endpoint', endpoint: undefined, upstreamMs: undefined, tries: 0, durationMs: 0 },
  },
  {
    record: {
      route: undefined,
      matched: undefined,
      endpoint: undefined,
      status: 404,
      reason: 'no-route',
      durationMs: NaN,
      tries: 0,
    },
  },
];
const REPLIES: readonly EarlyReply[] = [
  { peer: '192.0.2.8', request: undefined, status: 400, reason: 'bad-request', bytesOut: 0 },
  {
    peer: '192.0.2.8',
    request: { method: 'PRI', target: 'http://a/x"\xe9?s3cret', protocolVersion: '1.1' },
    ...{ status: 405, reason: undefined, bytesOut: 12 },
  },
];

test('the text of lines', ({ mock }) => {
  mock.timers.enable({ apis: ['Date'], now: START });
  let written = '';
  const output = new LogOutput((bytes) => {
    written += Buffer.from(bytes).toString();
    return bytes.length;
  });
  const { access: write } = createLogs('info', POD, output);
  const { record, replied } = createAccessLog({ write, random: () => 0, unroutedPercent: 100 });
  RECORDS.forEach((sent, i) => {
    record(recordOf(sent));
    if (i > 0) mock.timers.tick(i * 900);
  });
  REPLIES.forEach(replied);
  output.end(() => {});
  assert.equal(written, EXPECTED);
});

test('the text of any line is that of pino', ({ mock }) => {
  mock.timers.enable({ apis: ['Date'] });
  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.string({ maxLength: 200 }));
  const value = fc.option(fc.oneof(text, fc.double(), fc.integer(), fc.boolean()), { nil: undefined });
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom('a', 'url.path', 'durationMs', 'x-"1"'), value),
      fc.nat(2 ** 42),
      text,
      (more, now, pod) => {
        mock.timers.setTime(now);
        const lines: [string[], string[]] = [[], []];
        const output = new LogOutput((bytes) => lines[0].push(Buffer.from(bytes).toString()) && bytes.length);
        const formatters = { level: (level: string) => ({ level }) };
        const options = { formatters, base: { pod }, timestamp: pino.stdTimeFunctions.isoTime };
        const oracle = pino(options, { write: (line) => lines[1].push(Buffer.from(line).toString()) });
        const fields = { access: true, ...more };
        createLogs('info', pod, output).access(fields);
        output.end(() => {});
        oracle.info(fields);
        assert.deepEqual(...lines);
      },
    ),
  );
});
