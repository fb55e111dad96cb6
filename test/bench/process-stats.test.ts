import assert from 'node:assert/strict';
import test from 'node:test';
import { cpuSeconds } from './process-stats.ts';

test('the CPU time of a process is what it has used itself', () => {
  const [before, own] = [cpuSeconds(process.pid), process.cpuUsage()];
  let sum = 0;
  while (process.cpuUsage(own).user + process.cpuUsage(own).system < 200_000) sum += Math.sqrt(sum + 1);
  const { user, system } = process.cpuUsage(own);
  const used = cpuSeconds(process.pid) - before;
  // Two ticks of 10 ms, where the kernel counts in ticks.
  assert.ok(Math.abs(used - (user + system) / 1e6) <= 0.02, `${used} s, ${user + system} µs`);
});
