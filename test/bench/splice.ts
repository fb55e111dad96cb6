/**
 * What a new connection costs in Node at the least: accepts, connects to a backend in turn, and passes bytes both ways without a look at
 * them. The end of one side ends the other.
 *
 *   node splice.ts --bind ADDRESS --port N --backend HOST:PORT [--backend …]
 */
import { connect, createServer } from 'node:net';
import { parseArgs } from 'node:util';
import { targetOf, type Target } from './http-client.ts';

const { values } = parseArgs({
  options: {
    bind: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '8080' },
    backend: { type: 'string', multiple: true, default: [] },
  },
});
const targets = values.backend.map(targetOf);
if (targets.length === 0) throw new Error('--backend HOST:PORT is missing');

let next = 0;
createServer({ noDelay: true }, (client) => {
  const backend = connect({ ...(targets[next] as Target), noDelay: true });
  next = (next + 1) % targets.length;
  for (const [one, other] of [[client, backend] as const, [backend, client] as const]) {
    one.on('data', (data) => other.write(data));
    one.on('end', () => other.end());
    one.on('error', () => other.destroy());
  }
}).listen(Number(values.port), values.bind);
