import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exposeProcess } from './process-metrics.ts';
import { Registry } from './registry.ts';

const textOf = (registry: Registry) => [...registry.pieces()].join('');

test('resources and build of the process', async (t) => {
  const registry = new Registry();
  t.after(exposeProcess(registry));
  await new Promise(setImmediate); // the event loop starts only now
  const value = (name: string) => Number(new RegExp(`^${name}(?:\\{.*\\})? (.*)$`, 'm').exec(textOf(registry))?.[1]);
  const { user, system } = process.cpuUsage();
  const cpu = value('process_cpu_seconds_total') - (user + system) / 1e6;
  assert.ok(cpu >= 0 && cpu < 0.1, `${cpu} s more than a moment before`);
  assert.ok(value('process_resident_memory_bytes') > 20e6);
  assert.ok(Math.abs(value('process_start_time_seconds') - Date.now() / 1000) < 60);
  assert.ok(value('nodejs_heap_size_used_bytes') > 1e6);
  const before = value('outrigger_event_loop_active_seconds_total');
  hold(30);
  await new Promise(setImmediate);
  const after = value('outrigger_event_loop_active_seconds_total');
  assert.ok(after - before > 0.02 && after < 60, `${before} → ${after}`);
  assert.match(textOf(registry), /^outrigger_build_info\{version="\d+\.\d+\.\d+",node="\d+\.\d+\.\d+"\} 1$/m);
});

test('the event loop delay excludes the interval between two measurements', async (t) => {
  const registry = new Registry();
  t.after(exposeProcess(registry));
  const delay = (quantile: string) =>
    Number(new RegExp(`^outrigger_event_loop_delay_seconds\\{quantile="${quantile}"\\} (.*)$`, 'm').exec(textOf(registry))?.[1]);
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.ok(delay('0.5') < 0.019);
  for (const end = performance.now() + 100; performance.now() < end;) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  hold(200);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const longest = delay('1');
  assert.ok(longest > 0.1, `${longest}`);
});

/** Blocks the event loop. */
function hold(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}
