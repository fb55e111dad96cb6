/**
 * Many idle clients: each sends one request, and keeps its connection.
 *
 *   node idle-clients.ts --target HOST:PORT --count N
 *
 * They use several source addresses, 127.20.N.1 and up, because one has only about 28,000 ports; N differs between processes, because ports
 * of closed connections stay in use for a minute. Prints `open` when all are connected, and runs until it is killed. Exit code 1 when a
 * connection was closed or refused.
 */
import { connect } from 'node:net';
import { parseArgs } from 'node:util';
import { targetOf } from './http-client.ts';

const PER_SOURCE = 5_000;
/** Connections being opened at once: fewer than a listener's backlog. */
const AT_ONCE = 100;

const { values } = parseArgs({
  options: {
    target: { type: 'string', default: '' },
    count: { type: 'string', default: '1' },
  },
});
const target = targetOf(values.target);

function open(i: number): Promise<void> {
  const localAddress = `127.20.${process.pid % 256}.${1 + Math.floor(i / PER_SOURCE)}`;
  return new Promise((resolve, reject) => {
    const socket = connect({ ...target, localAddress });
    socket.write(`GET / HTTP/1.1\r\nHost: ${values.target}\r\n\r\n`);
    socket.once('data', (data) => {
      if (data.toString('latin1').startsWith('HTTP/1.1 200 ')) resolve();
      else reject(new Error(`not 200: ${data.toString('latin1').slice(0, 80)}`));
    });
    socket.on('error', reject);
    socket.on('close', () => {
      console.error(`connection ${i} was closed`);
      process.exit(1);
    });
  });
}

let next = 0;
const count = Number(values.count);
async function openSome(): Promise<void> {
  while (next < count) await open(next++);
}
await Promise.all(Array.from({ length: AT_ONCE }, openSome));
console.log('open');
