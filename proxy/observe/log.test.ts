import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { createListenerLog, createLogs } from './log.ts';
import { LogOutput } from './log-output.ts';

test('a rejected listener is a line at warn with its reason, and one that is served after all a line at info', () => {
  const lines: unknown[] = [];
  const formatters = { level: (level: string) => ({ level }) };
  const write = (line: string) => void lines.push(JSON.parse(line));
  const log = createListenerLog(pino({ base: null, timestamp: false, formatters }, { write }));
  const reason = 'port 8080 is in use on this proxy by another process';
  log.rejected({ policy: 'shop/web', listener: 8080, reason });
  log.accepted('shop/web', 8080);
  const about = { policy: 'shop/web', port: 8080 };
  assert.deepEqual(lines, [
    { level: 'warn', ...about, reason, msg: 'listener rejected' },
    { level: 'info', ...about, msg: 'rejected listener is served now' },
  ]);
});

test('a line has its level as a word, the time and the pod, in both logs alike; the access log has the level of the other', () => {
  const output = new LogOutput((bytes) => written.push(Buffer.from(bytes).toString()) && bytes.length);
  const written: string[] = [];
  const { log, access } = createLogs('info', 'gateway-1', output);
  access({ access: true });
  log.warn('look');
  assert.equal(written.length, 1);
  const lines = written.join('').trimEnd().split('\n');
  assert.equal(lines.length, 2);
  const [first, second] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.match(String(first?.['time']), /^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(
    [first, second].map((line) => line && Object.keys(line)),
    [
      ['level', 'time', 'pod', 'access'],
      ['level', 'time', 'pod', 'msg'],
    ],
  );
  assert.deepEqual([second?.['level'], second?.['pod'], second?.['msg']], ['warn', 'gateway-1', 'look']);
  createLogs('warn', 'gateway-1', output).access({ access: true });
  assert.equal(output.waiting, 0);
});
