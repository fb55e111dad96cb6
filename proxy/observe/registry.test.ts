import assert from 'node:assert/strict';
import { test } from 'node:test';
import { column, expose, histogram, split } from './text-format.ts';
import { HISTOGRAM_WIDTH, observe } from '../metrics/histogram.ts';
import { countBy, Registry } from './registry.ts';
import { Family, CounterBuffer } from '../metrics/series.ts';

test('the text format: help, type, escaped labels, values without labels', () => {
  const registry = new Registry();
  expose(registry, 'gauge', 'plain', 'No labels.', () => [{ labels: {}, value: 1.5 }]);
  expose(registry, 'gauge', 'odd', 'Odd labels.', () => [{ labels: { a: 'back\\slash "quoted"', b: 'two\nlines' }, value: 2 }]);
  assert.equal(
    [...registry.pieces()].join(''),
    [
      '# HELP plain No labels.\n# TYPE plain gauge\nplain 1.5\n',
      '# HELP odd Odd labels.\n# TYPE odd gauge\nodd{a="back\\\\slash \\"quoted\\"",b="two\\nlines"} 2\n',
    ].join(''),
  );
});

test('two metrics of one name are refused', () => {
  const registry = new Registry();
  expose(registry, 'gauge', 'one', 'One.', () => []);
  assert.throws(() => expose(registry, 'counter', 'one', 'Two.', () => []), /two metrics one/);
});

test('a counter by reason has a series for every known reason from the start, and accepts others', async () => {
  const registry = new Registry();
  const counter = countBy(registry, { name: 'n_total', help: 'N.' }, 'reason', ['a', 'b']);
  counter.inc({ reason: 'b' });
  counter.inc({ reason: 'c' });
  assert.match(await registry.text(), /n_total\{reason="a"\} 0\nn_total\{reason="b"\} 1\nn_total\{reason="c"\} 1\n/);
});

test('a histogram is cumulative, and counts values above its last bucket', () => {
  const buffer = new CounterBuffer();
  const family = new Family(buffer, HISTOGRAM_WIDTH);
  const series = family.acquire({ policy: 'p' });
  for (const ms of [1, 3, 3, 60_000]) observe(buffer, series, ms);
  const [piece = '', ...rest] = histogram('h', family, family.retained(0));
  assert.equal(rest.length, 0, 'a series is one piece: its numbers are of one moment');
  const lines = piece.trimEnd().split('\n');
  assert.equal(lines[0], 'h_bucket{policy="p",le="0.001"} 1');
  assert.equal(lines[2], 'h_bucket{policy="p",le="0.005"} 3');
  assert.deepEqual(lines.slice(-4), [
    'h_bucket{policy="p",le="30"} 3',
    'h_bucket{policy="p",le="+Inf"} 4',
    'h_sum{policy="p"} 60.007',
    'h_count{policy="p"} 4',
  ]);
});

test('values of a label that never occurred are left out, except the first', () => {
  const buffer = new CounterBuffer();
  const family = new Family(buffer, 4);
  const series = family.acquire({ policy: 'p' });
  buffer.values[series.base] = 9;
  buffer.values[series.base + 3] = 2;
  assert.deepEqual([...column('c', family, family.retained(0))], ['c{policy="p"} 9\n']);
  const by = { label: 'why', values: ['a', 'b', 'c'], offset: 1 };
  assert.deepEqual([...split('s', family, family.retained(0), by)], ['s{policy="p",why="a"} 0\ns{policy="p",why="c"} 2\n']);
});
