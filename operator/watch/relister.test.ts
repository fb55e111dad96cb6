import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRelister } from './relister.ts';

const tick = () => new Promise((resolve) => setTimeout(resolve, 5));

test('lists everything again on request, and waits for the slowest kind for a bounded time', async () => {
  const contacts: string[] = [];
  const relister = createRelister({ onContact: (kind) => contacts.push(kind), onFailure: () => undefined });
  let rounds = 0;
  let open = 0;
  const watch = async (signal: AbortSignal): Promise<void> => {
    rounds += 1;
    open += 1;
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    open -= 1;
  };
  const controller = new AbortController();
  const running = relister.run(watch, controller.signal);
  relister.onContact('Pod');
  relister.onContact('Service');
  let over = false;
  const relisting = relister.relist(60_000).then(() => (over = true));
  await tick();
  assert.deepEqual([rounds, open], [2, 1]);
  relister.onContact('Pod');
  relister.onContact('Pod');
  await tick();
  assert.equal(over, false, 'Services were not listed yet');
  relister.onContact('Service');
  await relisting;
  const began = performance.now();
  await relister.relist(30);
  assert.ok(performance.now() - began >= 25, 'a list that fails delays leadership for a bounded time');
  const last = relister.relist(60_000);
  controller.abort();
  await Promise.all([running, last]);
  assert.deepEqual([rounds, open, contacts.length], [3, 0, 5]);
});
