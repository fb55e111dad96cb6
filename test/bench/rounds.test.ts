import assert from 'node:assert/strict';
import test from 'node:test';
import { differenceOf, measureRounds, ratioOf } from './rounds.ts';

test('rounds alternate in order, warm-ups are discarded, and values are compared within a round', async () => {
  const order: string[] = [];
  const notes: string[] = [];
  let time = 0;
  const measure = ({ title }: { readonly title: string }) => {
    order.push(title);
    time += 1;
    return Promise.resolve(title === 'a' ? 10 * time : time);
  };
  const entrants = [{ title: 'a' }, { title: 'b' }];
  const samples = await measureRounds(entrants, { rounds: 2, warmUp: 1, measure, show: String }, (text) => notes.push(text));
  assert.deepEqual(order.join(''), 'baabba');
  assert.deepEqual(
    [...samples],
    [
      ['a', [30, 60]],
      ['b', [4, 5]],
    ],
  );
  assert.deepEqual(notes, ['round 1 of 2: a 30, b 4', 'round 2 of 2: a 60, b 5']);
  const same = (value: number) => value;
  assert.deepEqual(ratioOf(samples, 'a', 'b', same), { median: (30 / 4 + 60 / 5) / 2, low: 30 / 4, high: 60 / 5 });
  assert.deepEqual(differenceOf(samples, 'a', 'b', same), { median: (26 + 55) / 2, low: 26, high: 55 });
});
