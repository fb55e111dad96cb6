/** What the logs count themselves. */
import type { LogOutput } from './log-output.ts';
import type { Registry } from './registry.ts';
import { expose } from './text-format.ts';

export function exposeLogs(registry: Registry, output: Pick<LogOutput, 'dropped'>): void {
  const help = 'Lines of the log that were dropped, because standard output was not read fast enough.';
  expose(registry, 'counter', 'outrigger_log_lines_dropped_total', help, () => [{ labels: {}, value: output.dropped }]);
}
