/** Resources of the process, under the names that all Prometheus client libraries use. */
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { VERSION } from '../version.ts';
import { expose } from './text-format.ts';
import type { Sample } from './text-format.ts';
import type { Metric, Registry } from './registry.ts';

/** Milliseconds between two measurements of the event loop delay. */
const RESOLUTION_MS = 20;

/** Registers the metrics. Returns a function that stops the measurement. */
export function exposeProcess(registry: Registry): () => void {
  const one = (type: Metric['type'], name: string, help: string, read: () => number) =>
    expose(registry, type, name, help, () => [{ labels: {}, value: read() }]);
  one('counter', 'process_cpu_seconds_total', 'CPU time used, in user and kernel mode, by all threads.', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  one('gauge', 'process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss());
  one('gauge', 'process_start_time_seconds', 'Unix time of the start.', () => performance.timeOrigin / 1000);
  one('gauge', 'nodejs_heap_size_used_bytes', 'Heap in use.', () => process.memoryUsage().heapUsed);
  one(
    'counter',
    'outrigger_event_loop_active_seconds_total',
    'Time during which the event loop was active; its rate is at most 1.',
    () => {
      return performance.eventLoopUtilization().active / 1000;
    },
  );
  const build = { version: VERSION, node: process.versions.node };
  expose(registry, 'gauge', 'outrigger_build_info', 'Version of the proxy and of Node.', () => [{ labels: build, value: 1 }]);
  return exposeDelay(registry);
}

function exposeDelay(registry: Registry): () => void {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  // The histogram contains the interval itself, which is subtracted.
  const late = (ns: number) => Math.max(0, ns / 1e9 - RESOLUTION_MS / 1000);
  expose(registry, 'gauge', 'outrigger_event_loop_delay_seconds', 'Event loop delay since the last scrape.', () => {
    const quantile = (q: number): Sample => ({ labels: { quantile: String(q) }, value: late(delay.percentile(q * 100)) });
    const samples = [quantile(0.5), quantile(0.99), { labels: { quantile: '1' }, value: late(delay.max) }];
    delay.reset();
    return samples;
  });
  delay.enable();
  return () => void delay.disable();
}
