/**
 * The load generator in a closed loop, a separate process: requests over kept-alive raw sockets. Prints a LoadReport as JSON.
 *
 *   node load.ts --target HOST:PORT [--target …] --connections N --seconds N [--count N] [what the requests are: request-shape.ts]
 *
 * Connections go to the targets in rotation. No request starts after `--seconds`, or after `--count` requests; it ends when those in
 * progress are complete.
 */
import { parseArgs } from 'node:util';
import { targetOf, type Target } from './http-client.ts';
import { LoadConnection } from './load-connection.ts';
import { LoadTally } from './load-tally.ts';
import { SHAPE_OPTIONS, shapeOf } from './request-shape.ts';

const { values } = parseArgs({
  options: {
    target: { type: 'string', multiple: true, default: [] },
    connections: { type: 'string', default: '64' },
    seconds: { type: 'string', default: '10' },
    count: { type: 'string', default: 'Infinity' },
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
const deadline = performance.now() + seconds * 1000;
let started = 0;
const mayStart = () => performance.now() < deadline && started++ < count;
const clients = Array.from(
  { length: connections },
  (_, i) => new LoadConnection(targets[i % targets.length] as Target, shape, tally, mayStart),
);
await Promise.all(clients.map((client) => client.run()));
process.stdout.write(`${JSON.stringify(tally.report())}\n`);
