/**
 * Backends for benchmarks, all in one process.
 *
 *   node backend.ts --port N --bind ADDRESS [--bind …]
 *
 * Each address responds to every request with its own name, padded to 120 bytes.
 */
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';

const BODY_BYTES = 120;
const { values } = parseArgs({
  options: { bind: { type: 'string', multiple: true, default: [] }, port: { type: 'string', default: '8080' } },
});

for (const address of values.bind) {
  const body = `${address} `.padEnd(BODY_BYTES, '.');
  const headers = { 'content-type': 'text/plain', 'content-length': BODY_BYTES };
  // Longer than any pause of a benchmark: a backend never closes an idle connection first.
  const server = createServer({ keepAliveTimeout: 60_000 }, (_request, response) => {
    response.writeHead(200, headers).end(body);
  });
  server.listen(Number(values.port), address);
}
