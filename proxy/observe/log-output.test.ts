import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LogOutput, MAX_WAITING } from './log-output.ts';

/** A pipe that takes `room` bytes until someone reads. */
class Pipe {
  room = Infinity;
  /** The error of a write where there is no room. */
  code = 'EAGAIN';
  text = '';
  writes = 0;
  tries = 0;

  readonly write = (bytes: Uint8Array): number => {
    this.tries += 1;
    const taken = Math.min(this.room, bytes.length);
    if (taken === 0) throw Object.assign(new Error(this.code), { code: this.code });
    this.room -= taken;
    this.text += Buffer.from(bytes.subarray(0, taken)).toString('latin1');
    this.writes += 1;
    return taken;
  };
}

function opened(mocks: { timers: { enable: (what: { apis: ['setTimeout'] }) => void } }) {
  mocks.timers.enable({ apis: ['setTimeout'] });
  const pipe = new Pipe();
  return { pipe, output: new LogOutput(pipe.write) };
}

test('lines of the access log leave in one write after 100 ms', ({ mock }) => {
  const { pipe, output } = opened(mock);
  for (const line of ['a\n', 'b\n']) output.batched.write(line);
  mock.timers.tick(99);
  output.batched.write('c\n');
  assert.equal(pipe.text, '');
  mock.timers.tick(1);
  assert.deepEqual([pipe.text, pipe.writes], ['a\nb\nc\n', 1]);
  mock.timers.tick(10_000);
  assert.equal(pipe.tries, 1);
  output.batched.write('d\n');
  mock.timers.tick(100);
  assert.equal(pipe.text, 'a\nb\nc\nd\n');
});

test('a full batch leaves at once', ({ mock }) => {
  const { pipe, output } = opened(mock);
  const line = `${'x'.repeat(1023)}\n`;
  for (let i = 0; i < 31; i++) output.batched.write(line);
  assert.equal(pipe.writes, 0);
  output.batched.write(line);
  assert.deepEqual([pipe.text, pipe.writes, output.waiting], [line.repeat(32), 1, 0]);
});

test('another line leaves at once, after those that wait', ({ mock }) => {
  const { pipe, output } = opened(mock);
  output.batched.write('request\n');
  output.direct.write('error\n');
  assert.deepEqual([pipe.text, pipe.writes, output.waiting], ['request\nerror\n', 1, 0]);
});

test('whatever the reader does, all lines arrive once, whole and in order', () => {
  const line = fc.string({ unit: 'binary', maxLength: 20_000 }).map((text) => `${text.replaceAll('\n', '')}\n`);
  const step = fc.oneof(
    fc.record({ do: fc.constantFrom('batched' as const, 'direct' as const), line }),
    fc.record({ do: fc.constant('read' as const), bytes: fc.nat(50_000) }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.nat(150) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.nat(40_000), (steps, room) => {
      const clock = test.mock.timers;
      clock.enable({ apis: ['setTimeout'] });
      const pipe = new Pipe();
      pipe.room = room;
      const output = new LogOutput(pipe.write);
      let sent = '';
      for (const one of steps) {
        if (one.do === 'read') pipe.room += one.bytes;
        else if (one.do === 'wait') clock.tick(one.ms);
        else output[one.do].write((sent += one.line) && one.line);
        assert.ok(Buffer.from(sent).toString('latin1').startsWith(pipe.text));
      }
      pipe.room = Infinity;
      clock.tick(100);
      assert.equal(Buffer.from(pipe.text, 'latin1').toString(), Buffer.from(sent).toString());
      assert.deepEqual([output.waiting, output.dropped], [0, 0]);
      clock.reset();
    }),
    { numRuns: 100 },
  );
});

test('a reader that does not read is tried again, ever more rarely, and soon when it has read', ({ mock }) => {
  const { pipe, output } = opened(mock);
  const triesIn = (ms: number) => {
    const before = pipe.tries;
    // Timers that a timer sets count from the end of a tick.
    for (let i = 0; i < ms; i++) mock.timers.tick(1);
    return pipe.tries - before;
  };
  pipe.room = 0;
  output.direct.write('a\n');
  assert.deepEqual([triesIn(2 + 4 + 8 + 16 + 32 + 64), triesIn(640)], [6, 10]);
  pipe.room = 1;
  assert.deepEqual([triesIn(64), triesIn(2 + 4)], [2, 2]);
  pipe.room = 1;
  triesIn(8);
  assert.equal(pipe.text, 'a\n');
});

test('what waits is bounded: whole lines are dropped, counted, and reported where they are missing', ({ mock }) => {
  const { pipe, output } = opened(mock);
  const reports: number[] = [];
  output.onDropped = (lines) => output.direct.write(`dropped ${reports.push(lines) && lines}\n`);
  pipe.room = 0;
  const line = (i: number) => `${String(i).padStart(8, '0')}${'x'.repeat(1015)}\n`;
  const fits = MAX_WAITING / 1024;
  for (let i = 0; i < fits + 5; i++) output.batched.write(line(i));
  output.direct.write('a warning\n');
  assert.deepEqual([output.dropped, output.waiting], [5, MAX_WAITING + 10]);
  pipe.room = MAX_WAITING / 2 - 2048;
  mock.timers.tick(64);
  output.batched.write(line(0));
  assert.deepEqual([output.dropped, reports], [6, []]);
  pipe.room = 4096;
  mock.timers.tick(64);
  assert.deepEqual(reports, [6]);
  output.batched.write('back\n');
  pipe.room = Infinity;
  mock.timers.tick(64);
  const lines = pipe.text.split('\n');
  assert.equal(lines.length, fits + 4);
  assert.deepEqual(lines.slice(fits - 1), [line(fits - 1).trimEnd(), 'a warning', 'dropped 6', 'back', '']);
});

test('lines that are not of the access log have some room of their own', ({ mock }) => {
  const { pipe, output } = opened(mock);
  pipe.room = 0;
  const line = `${'x'.repeat(1023)}\n`;
  for (let i = 0; i < 3 * (MAX_WAITING / 1024); i++) output.direct.write(line);
  assert.equal(output.waiting, MAX_WAITING + 2 ** 20);
  assert.equal(output.dropped, (2 * MAX_WAITING - 2 ** 20) / 1024);
});

test('without a reader nothing fails, and when there is one again it gets what waits', ({ mock }) => {
  const { pipe, output } = opened(mock);
  Object.assign(pipe, { room: 0, code: 'EPIPE' });
  output.direct.write('a\n');
  output.batched.write('b\n');
  output.end(() => assert.fail('no one will read'));
  assert.equal(pipe.text, '');
  pipe.room = Infinity;
  mock.timers.tick(64);
  assert.equal(pipe.text, 'a\nb\n');
});

test('at the end all lines are written; a slow reader has a second', ({ mock }) => {
  const { pipe, output } = opened(mock);
  pipe.room = 0;
  for (const line of ['a\n', 'b\n', 'c\n']) output.batched.write(line);
  let slept = 0;
  output.end((ms) => {
    slept += ms;
    pipe.room += 1;
  });
  assert.equal(pipe.text, 'a\nb\nc\n');
  output.batched.write('d\n');
  pipe.room = 0;
  slept = 0;
  output.end((ms) => void (slept += ms));
  assert.ok(slept >= 1_000 && slept < 1_100, String(slept));
});
