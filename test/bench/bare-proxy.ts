/**
 * The baseline for the proxy: http-proxy-3 and node:http with a keep-alive agent and round robin, and nothing else.
 *
 *   node bare-proxy.ts --bind ADDRESS --port N --backend HOST:PORT [--backend …]
 */
import { Agent, createServer, ServerResponse } from 'node:http';
import { parseArgs } from 'node:util';
import { createProxyServer } from 'http-proxy-3';

const { values } = parseArgs({
  options: {
    bind: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '8080' },
    backend: { type: 'string', multiple: true, default: [] },
  },
});
const targets = values.backend.map((backend) => `http://${backend}`);
if (targets.length === 0) throw new Error('--backend HOST:PORT is missing');

const proxy = createProxyServer({ agent: new Agent({ keepAlive: true }) });
proxy.on('error', (_error, _request, response) => {
  if (response instanceof ServerResponse && !response.headersSent) response.writeHead(502).end();
  else response.destroy();
});
let next = 0;
createServer((request, response) => {
  const target = targets[next] as string;
  next = (next + 1) % targets.length;
  proxy.web(request, response, { target });
}).listen(Number(values.port), values.bind);
