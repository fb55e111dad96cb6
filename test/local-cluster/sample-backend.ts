/**
 * A small HTTP server to balance load over.
 *
 *   node sample-backend.ts --bind ADDRESS --port 8080 [--linger-ms 1000]     with POD_NAME in the environment
 *
 * GET /           `hello from POD_NAME`
 * GET /slow?ms=N  the same, N ms later (at most a minute)
 * GET /healthz    200; 503 from SIGTERM on
 * SIGTERM: /healthz fails at once, everything else is served for `--linger-ms` more (load balancers need time to notice); then open
 * requests finish and the process ends.
 */
import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const MAX_SLOW_MS = 60_000;
const { values } = parseArgs({
  options: {
    bind: { type: 'string', default: '0.0.0.0' },
    port: { type: 'string', default: '8080' },
    'linger-ms': { type: 'string', default: '1000' },
  },
});
const name = process.env['POD_NAME'] ?? 'unnamed';
let stopping = false;

const server = createServer((request, response) => {
  void answer(URL.parse(request.url ?? '/', 'http://backend')).then(({ status, text }) => {
    response.writeHead(status, { 'content-type': 'text/plain', ...(stopping ? { connection: 'close' } : {}) }).end(text);
  });
});

async function answer(url: URL | null): Promise<{ status: number; text: string }> {
  if (url?.pathname === '/healthz') return stopping ? { status: 503, text: 'stopping\n' } : { status: 200, text: 'ok\n' };
  if (url?.pathname === '/slow') await delay(Math.min(Number(url.searchParams.get('ms') ?? 0) || 0, MAX_SLOW_MS));
  return { status: 200, text: `hello from ${name}\n` };
}

process.once('SIGTERM', () => {
  stopping = true;
  setTimeout(() => {
    server.close(() => process.exit(0));
  }, Number(values['linger-ms']));
});

server.listen(Number(values.port), values.bind, () => console.log(`listening on ${values.bind}:${values.port}`));
