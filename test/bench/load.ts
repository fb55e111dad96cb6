/**
 * The load generator, a process of its own: a closed loop of GETs over raw sockets that are kept alive. Prints a LoadReport as JSON.
 *
 *   node load.ts --target HOST:PORT [--target …] --connections N --seconds N [--count N] [--path /]
 *
 * Connections go to the targets in turn. No request begins after `--seconds`, or after `--count` requests; those in progress are
 * waited for.
 */
import { parseArgs } from 'node:util';
import { targetOf, type Target } from './http-client.ts';
import { LoadConnection } from './load-connection.ts';
import { Tally } from './load-tally.ts';

const { values } = parseArgs({
  options: {
    target: { type: 'string', multiple: true, default: [] },
    connections: { type: 'string', default: '64' },
    seconds: { type: 'string', default: '10' },
    count: { type: 'string', default: 'Infinity' },
    path: { type: 'string', default: '/' },
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

const tally = new Tally();
const deadline = performance.now() + seconds * 1000;
let begun = 0;
const more = () => performance.now() < deadline && begun++ < count;
const clients = Array.from(
  { length: connections },
  (_, i) => new LoadConnection(targets[i % targets.length] as Target, values.path, tally, more),
);
await Promise.all(clients.map((client) => client.run()));
process.stdout.write(`${JSON.stringify(tally.report())}\n`);
