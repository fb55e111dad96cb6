import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Gate } from './circuit-breaker.ts';
import type { Waiter } from './circuit-breaker.ts';

function gateOf(inside: number, waiting: number): Gate {
  const gate = new Gate();
  gate.configure({ inside, waiting });
  return gate;
}

/** One in line, that notes its name when it gets in. */
function waiter(name: string, log: string[], more: Partial<Waiter> = {}): Waiter {
  return {
    inside: false,
    picky: false,
    attempt: () => {
      log.push(name);
      return true;
    },
    ...more,
  };
}

describe('a gate', () => {
  test('lets in as many as it should, then one for each that leaves', () => {
    const gate = gateOf(2, 10);
    for (let i = 0; i < 2; i++) {
      assert.equal(gate.open, true);
      gate.enter();
    }
    assert.equal(gate.open, false);
    const log: string[] = [];
    assert.ok(gate.join(waiter('a', log)) && gate.join(waiter('b', log)));
    assert.equal(gate.waiting, 2);
    gate.leave();
    assert.deepEqual(log, ['a']);
    gate.leave();
    assert.deepEqual(log, ['a', 'b']);
    assert.equal(gate.open, false);
    gate.leave();
    assert.equal(gate.open, true);
  });

  test('lets nobody overtake', () => {
    const gate = gateOf(2, 10);
    gate.enter();
    // It waits for an endpoint, not for the gate.
    gate.join(waiter('a', [], { attempt: () => false }));
    assert.equal(gate.open, false);
  });

  test('sends away who finds the line full; who is inside always has room, and goes first', () => {
    const gate = gateOf(1, 1);
    gate.enter();
    const log: string[] = [];
    assert.equal(gate.join(waiter('a', log)), true);
    assert.equal(gate.join(waiter('b', log)), false);
    assert.equal(gate.join(waiter('retry', log, { inside: true })), true);
    gate.callNext();
    assert.deepEqual(log, ['retry']);
    gate.leave();
    assert.deepEqual(log, ['retry', 'a']);
  });

  test('calls the one behind a picky one, but nobody behind one that takes anything and got nothing', () => {
    const gate = gateOf(9, 9);
    const log: string[] = [];
    const fails = (name: string, picky: boolean) => waiter(name, log, { picky, attempt: () => log.push(name) < 0 });
    gate.join(fails('picky', true));
    gate.join(waiter('a', log));
    gate.join(fails('b', false));
    gate.join(waiter('c', log));
    gate.callNext();
    assert.deepEqual(log, ['picky', 'a', 'b']);
    assert.equal(gate.waiting, 3);
  });

  test('forgets who goes away: the first, one between, the last', () => {
    for (const gone of [0, 1, 2]) {
      const gate = gateOf(0, 9);
      const log: string[] = [];
      const line = ['a', 'b', 'c'].map((name) => waiter(name, log));
      for (const w of line) gate.join(w);
      gate.remove(line[gone] as Waiter);
      gate.configure({ inside: 9, waiting: 9 });
      assert.deepEqual(
        log,
        ['a', 'b', 'c'].filter((_, i) => i !== gone),
      );
      assert.equal(gate.waiting, 0);
      assert.equal(gate.open, true);
    }
  });

  test('with other limits lets those in who have room now', () => {
    const gate = gateOf(1, 9);
    gate.enter();
    const log: string[] = [];
    for (const name of ['a', 'b', 'c']) gate.join(waiter(name, log));
    gate.configure({ inside: 3, waiting: 0 });
    assert.deepEqual(log, ['a', 'b']);
    gate.configure({ inside: 1, waiting: 0 });
    gate.leave();
    gate.leave();
    assert.deepEqual(log, ['a', 'b']);
    gate.leave();
    assert.deepEqual(log, ['a', 'b', 'c']);
  });

  test('whatever comes and goes: never more inside, never a free place while one waits, served in order', () => {
    const steps = fc.array(fc.constantFrom('come', 'come', 'leave', 'quit'), { maxLength: 200 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), steps, (limit, list) => {
        const gate = gateOf(limit, 1000);
        const [log, line]: [string[], { w: Waiter; name: string }[]] = [[], []];
        let [inside, served] = [0, 0];
        list.forEach((step, i) => {
          if (step === 'come' && gate.open) {
            gate.enter();
            inside++;
          } else if (step === 'come') {
            const name = String(i);
            const entry = { w: waiter(name, log), name };
            gate.join(entry.w);
            line.push(entry);
          } else if (step === 'leave' && inside > 0) {
            inside--;
            gate.leave();
          } else if (step === 'quit' && line.length > 0) gate.remove(line.splice(i % line.length, 1)[0]?.w as Waiter);
          for (; served < log.length; served++, inside++) assert.equal(line.shift()?.name, log[served]);
          assert.ok(inside <= limit);
          assert.equal(gate.waiting, line.length);
          assert.ok(line.length === 0 || inside === limit);
        });
      }),
    );
  });
});
