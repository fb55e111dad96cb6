import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '../util/testing.ts';
import { ApiError } from './api-error.ts';
import { createFindingReporter, type Finding } from './finding-reporter.ts';

const finding = (id: string, uid = 'u1'): Finding => ({
  id,
  regarding: { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'web', uid },
  event: { type: 'Warning', reason: 'Odd', note: id },
});

function setup() {
  const clock = fakeClock();
  const state = { leading: true, found: [] as Finding[], error: undefined as Error | undefined };
  const written: string[] = [];
  const failures: string[] = [];
  const reporter = createFindingReporter({
    find: () => state.found,
    leading: () => state.leading,
    events: {
      async record({ uid }, _event, signal, id) {
        signal.throwIfAborted();
        written.push(`${uid} ${id}`);
        if (state.error) throw state.error;
      },
    },
    failed: (error) => failures.push(error.message),
    clock,
  });
  /** A look, and everything that follows from it within the time (ms). */
  const look = async (ms = 1000): Promise<void> => {
    reporter.reconcile();
    for (let passed = 0; passed <= ms; passed += 1000) {
      clock.advance(Math.min(1000, ms - passed));
      await new Promise(setImmediate);
    }
  };
  return { state, written, failures, reporter, look };
}

test('each finding is written once, for as long as it lasts', async () => {
  const { state, written, look } = setup();
  state.found = [finding('a'), finding('a', 'u2'), finding('b')];
  await look();
  await look();
  assert.deepEqual(written, ['u1 a', 'u2 a', 'u1 b']);
  state.found = [finding('b')];
  await look();
  state.found = [finding('a'), finding('b')];
  await look();
  assert.deepEqual(written.slice(3), ['u1 a']);
});

test('ten are written in a second, all in the end', async () => {
  const { state, written, look } = setup();
  state.found = Array.from({ length: 25 }, (_, i) => finding(`f${i}`));
  await look(0);
  assert.equal(written.length, 10);
  await look(999);
  assert.equal(written.length, 10);
  await look(5000);
  assert.equal(new Set(written).size, 25);
  assert.equal(written.length, 25);
});

test('only the leader writes, and what the former leader wrote is not written again', async () => {
  const { state, written, failures, look } = setup();
  state.leading = false;
  state.found = [finding('a')];
  await look();
  assert.deepEqual(written, []);
  state.leading = true;
  state.error = new ApiError(409, 'AlreadyExists', 'it exists');
  await look();
  await look();
  assert.deepEqual([written, failures], [['u1 a'], []]);
});

test('what could not be written is tried again after ten seconds; nothing after stop', async () => {
  const { state, written, failures, reporter, look } = setup();
  state.found = [finding('a'), finding('b')];
  state.error = new ApiError(500, '', 'broken');
  await look(9000);
  assert.deepEqual([written, failures], [['u1 a'], ['500: broken']]);
  state.error = undefined;
  await look(2000);
  assert.deepEqual(written.slice(1), ['u1 a', 'u1 b']);
  await reporter.stop();
  state.found = [finding('c')];
  await look(20_000);
  assert.equal(written.length, 3);
});
