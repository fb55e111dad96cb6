/** CPU, memory and event loop of the process, under the names of Prometheus client libraries. */
import { Counter, Gauge, type Registry } from 'prom-client';
import { VERSION } from '../version.ts';

/** Registers the metrics. They are read at each scrape; nothing runs in between. */
export function exposeProcess(registry: Registry): void {
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number) => new Gauge({ name, help, registers, collect: metric(read) });
  const counter = (name: string, help: string, read: () => number) =>
    new Counter({
      ...{ name, help, registers },
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  counter('process_cpu_seconds_total', 'CPU time used, in user and kernel mode, by all threads.', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  gauge('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss());
  gauge('process_start_time_seconds', 'Unix time of the start.', () => performance.timeOrigin / 1000);
  gauge('nodejs_heap_size_used_bytes', 'Heap in use.', () => process.memoryUsage().heapUsed);
  const active = 'Time that the event loop was at work; its rate is at most 1.';
  counter('outrigger_operator_event_loop_active_seconds_total', active, () => performance.eventLoopUtilization().active / 1000);
  const labelNames = ['version', 'node'];
  const build = new Gauge({ name: 'outrigger_operator_build_info', help: 'What runs.', labelNames, registers });
  build.set({ version: VERSION, node: process.versions.node }, 1);
}

function metric(read: () => number): (this: Gauge) => void {
  return function collect() {
    this.set(read());
  };
}
