import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { createListenerLog } from './observe/log.ts';
import { Rejections } from './rejections.ts';
import type { Listener, Rejected } from './snapshot/types.ts';
import { route } from './test-status.ts';

const listener = (port: number, ...policies: string[]): Listener => {
  return { port, protocol: 'HTTP', routes: policies.map((policy) => route({ policy })) };
};
const rejected = (policy: string, port: number, reason = 'in use'): Rejected => ({ policy, listener: port, reason });

function reviewed() {
  const lines: string[] = [];
  const rejections = new Rejections({
    rejected: (r) => void lines.push(`${r.policy} ${r.listener}: ${r.reason}`),
    accepted: (policy, port) => void lines.push(`${policy} ${port} is served`),
  });
  return (list: readonly Rejected[], wanted: readonly Listener[]): [changed: boolean, lines: string[]] => {
    const changed = rejections.review(list, wanted);
    return [changed, lines.splice(0)];
  };
}

test('each reason is logged once, and so is that a policy is served after all', () => {
  const review = reviewed();
  const wanted = [listener(80, 'a', 'b')];
  const both = [rejected('a', 80), rejected('b', 80)];
  assert.deepEqual(review([], wanted), [false, []]);
  assert.deepEqual(review(both, wanted), [true, ['a 80: in use', 'b 80: in use']]);
  for (let retry = 0; retry < 3; retry++) assert.deepEqual(review(both, wanted), [false, []]);
  assert.deepEqual(review([rejected('a', 80, 'not permitted')], wanted), [true, ['a 80: not permitted', 'b 80 is served']]);
  assert.deepEqual(review([], wanted), [true, ['a 80 is served']]);
  assert.deepEqual(review([rejected('a', 80)], wanted), [true, ['a 80: in use']]);
});

test('a policy that is gone from its port is not said to be served there', () => {
  const review = reviewed();
  review([rejected('a', 80), rejected('b', 80)], [listener(80, 'a', 'b')]);
  assert.deepEqual(review([], [listener(81, 'a')]), [true, []]);
});

test('the lines: a warning with policy, port and reason, and information once it is served', () => {
  const lines: { level: number; policy: string; port: number; reason?: string }[] = [];
  const log = createListenerLog(pino({ level: 'info' }, { write: (line) => void lines.push(JSON.parse(line) as never) }));
  log.rejected(rejected('shop/web', 80, 'port 80 is in use'));
  log.accepted('shop/web', 80);
  const { warn, info } = pino.levels.values;
  assert.deepEqual(
    lines.map(({ level, policy, port, reason }) => [level, policy, port, reason]),
    [
      [warn, 'shop/web', 80, 'port 80 is in use'],
      [info, 'shop/web', 80, undefined],
    ],
  );
});
