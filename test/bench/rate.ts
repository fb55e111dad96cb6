/**
 * The load generator at a constant rate (an open loop), a separate process: GETs over kept-alive raw sockets. Prints the time of its start
 * (unix ms) on one line, and a RateReport as JSON on the next.
 *
 *   node rate.ts --target HOST:PORT [--target …] [--service] --rate N --connections N --seconds N [--path /]
 *
 * It ends after `--seconds`, or on SIGTERM, when requests in progress are complete. Anything but a complete response 200 has failed.
 */
import { parseArgs } from 'node:util';
import { targetOf } from './http-client.ts';
import { LoadTally } from './load-tally.ts';
import { Pacer } from './pacer.ts';
import type { RateReport } from './rate-report.ts';

/** Each takes a few dozen bytes of memory until the end. */
const MAX_REQUESTS = 5_000_000;

const { values } = parseArgs({
  options: {
    target: { type: 'string', multiple: true, default: [] },
    service: { type: 'boolean', default: false },
    rate: { type: 'string', default: '100' },
    connections: { type: 'string', default: '64' },
    seconds: { type: 'string', default: '10' },
    path: { type: 'string', default: '/' },
  },
});

function positive(name: 'rate' | 'connections' | 'seconds'): number {
  const value = Number(values[name]);
  if (!(value > 0)) throw new Error(`--${name} must be a number above 0`);
  return value;
}

const targets = values.target.map(targetOf);
const [rate, connections, seconds] = [positive('rate'), positive('connections'), positive('seconds')];
const count = Math.round(rate * seconds);
if (targets.length === 0) throw new Error('--target HOST:PORT is missing');
if (count > MAX_REQUESTS) throw new Error(`${rate} a second for ${seconds} s are more than ${MAX_REQUESTS} requests`);

const tally = new LoadTally();
const pacer = new Pacer({ targets, service: values.service, path: values.path, rate, connections, count }, tally);
process.once('SIGTERM', () => pacer.stop());
const startedAt = performance.timeOrigin + performance.now();
process.stdout.write(`${startedAt}\n`);
await pacer.run();
const report: RateReport = { ...tally.report(), startedAt, opened: pacer.opened, requests: pacer.requests };
process.stdout.write(`${JSON.stringify(report)}\n`);
