import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { MAX_REVISION } from '../snapshot/limits.ts';
import { StatusNews } from './status-news.ts';

const WAIT = 25_000;

/** Requests by name, in the order in which they are answered. */
function waiting(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const news = new StatusNews();
  const answered: string[] = [];
  return {
    news,
    answered,
    tick: (ms: number) => t.mock.timers.tick(ms),
    ask: (name: string, after = news.revision) => news.wait(after, () => void answered.push(name)),
  };
}

test('a revision is short, changes with each change, and is of one process', () => {
  const [news, other] = [new StatusNews(), new StatusNews()];
  const revisions = Array.from({ length: 1000 }, () => {
    news.changed();
    return news.revision;
  });
  assert.equal(new Set([...revisions, other.revision]).size, 1001);
  for (const revision of revisions) assert.match(revision, new RegExp(`^[\\w.-]{1,${MAX_REVISION}}$`));
  news.close();
});

test('another revision than the present one is answered at once; while changes are collected, with them', (t) => {
  const { news, answered, tick, ask } = waiting(t);
  ask('a', 'x.1');
  assert.deepEqual(answered, ['a']);
  const before = news.revision;
  news.changed();
  ask('b', before);
  ask('c');
  tick(99);
  assert.deepEqual(answered, ['a']);
  tick(1);
  assert.deepEqual(answered, ['a', 'b'], 'c has had the news');
  ask('d', before);
  assert.deepEqual(answered, ['a', 'b', 'd']);
});

test('100 ms after the first of several changes, all that wait are answered once', (t) => {
  const { news, answered, tick, ask } = waiting(t);
  ask('a');
  ask('b');
  tick(5000);
  news.changed();
  tick(60);
  news.changed();
  tick(39);
  assert.deepEqual(answered, []);
  tick(1);
  assert.deepEqual(answered, ['a', 'b']);
  tick(2 * WAIT);
  assert.deepEqual(answered, ['a', 'b']);
});

test('without news, the answer comes after 25 s', (t) => {
  const { answered, tick, ask } = waiting(t);
  ask('a');
  tick(WAIT - 1);
  assert.deepEqual(answered, []);
  tick(1);
  assert.deepEqual(answered, ['a']);
});

test('when a ninth comes, the one that has waited longest is answered; one that leaves makes room', (t) => {
  const { answered, tick, ask } = waiting(t);
  const [, leave] = Array.from({ length: 8 }, (_, i) => ask(String(i)));
  assert.deepEqual(answered, []);
  ask('8');
  assert.deepEqual(answered, ['0']);
  leave?.();
  leave?.();
  ask('9');
  assert.deepEqual(answered, ['0']);
  ask('10');
  assert.deepEqual(answered, ['0', '2']);
  tick(WAIT);
  assert.deepEqual(answered.slice(2).sort(), ['10', '3', '4', '5', '6', '7', '8', '9']);
});

test('close answers all that wait, and each later request at once', (t) => {
  const { news, answered, tick, ask } = waiting(t);
  ask('a');
  news.changed();
  ask('b');
  news.close();
  assert.deepEqual(answered, ['a', 'b']);
  ask('c');
  news.changed();
  tick(2 * WAIT);
  assert.deepEqual(answered, ['a', 'b', 'c']);
});
