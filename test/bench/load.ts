/**
 * The load generator in a closed loop, a separate process: requests over kept-alive raw sockets. Prints a LoadReport as JSON.
 *
 *   node load.ts --target HOST:PORT [--target …] --connections N --seconds N [--count N] [--watch PID]
 *     and what the requests are, see request-shape.ts
 *
 * With `--watch PID` the first 0.2 s do not count, in which connections are opened, and the report ends at `--seconds` after them; it has the
 * CPU time of that process in between. Connections go to the targets in rotation. No request starts after `--seconds`, or after `--count` requests; it ends when those in
 * progress are complete.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { targetOf, type Target } from './http-client.ts';
import { LoadConnection } from './load-connection.ts';
import { LoadTally, type WatchedReport } from './load-tally.ts';
import { cpuSeconds } from './process-stats.ts';
import { SHAPE_OPTIONS, shapeOf } from './request-shape.ts';

/** Time in which a watched process is not measured yet. */
const SETTLE_MS = 200;

const { values } = parseArgs({
  options: {
    target: { type: 'string', multiple: true, default: [] },
    connections: { type: 'string', default: '64' },
    seconds: { type: 'string', default: '10' },
    count: { type: 'string', default: 'Infinity' },
    watch: { type: 'string' },
    ...SHAPE_OPTIONS,
  },
});

function positive(name: 'connections' | 'seconds' | 'count'): number {
  const value = Number(values[name]);
  if (!(value > 0)) throw new Error(`--${name} must be a number above 0`);
  return value;
}

const targets = values.target.map(targetOf);
const [seconds, count, connections] = [positive('seconds'), positive('count'), positive('connections')];
if (targets.length === 0) throw new Error('--target HOST:PORT is missing');

const shape = shapeOf(values);
const tally = new LoadTally();
const watched = values.watch === undefined ? undefined : Number(values.watch);
const deadline = performance.now() + (watched === undefined ? 0 : SETTLE_MS) + seconds * 1000;
let started = 0;
const mayStart = () => performance.now() < deadline && started++ < count;
const clients = Array.from(
  { length: connections },
  (_, i) => new LoadConnection(targets[i % targets.length] as Target, shape, tally, mayStart),
);
const during = watched === undefined ? undefined : watch(watched);
await Promise.all(clients.map((client) => client.run()));
const whole = tally.report();
const { failed, broken, byFailure, samples } = whole;
process.stdout.write(`${JSON.stringify({ ...whole, ...(await during), failed, broken, byFailure, samples })}\n`);

/** The report of the steady time alone. */
async function watch(pid: number): Promise<WatchedReport> {
  await delay(SETTLE_MS);
  tally.restart();
  const before = cpuSeconds(pid);
  await delay(seconds * 1000);
  return { ...tally.report(), cpuSeconds: cpuSeconds(pid) - before };
}
