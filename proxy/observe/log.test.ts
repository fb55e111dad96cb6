import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { createListenerLog } from './log.ts';

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
