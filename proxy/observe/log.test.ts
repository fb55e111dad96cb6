import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
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

test('a line of the program has its level as a word', () => {
  const { status, stdout } = spawnSync(process.execPath, ['-e', LOGS, new URL('log.ts', import.meta.url).href], {
    encoding: 'utf8',
  });
  assert.equal(status, 0);
  const { level, pod, msg } = JSON.parse(stdout) as Record<string, unknown>;
  assert.deepEqual([level, pod, msg], ['warn', 'gateway-1', 'look']);
});

/** Standard output of this process belongs to the test runner. */
const LOGS = "import(process.argv[1]).then(({ createLog }) => createLog('info', 'gateway-1').warn('look'))";
