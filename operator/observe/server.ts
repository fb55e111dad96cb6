/** The observe port: /healthz, /readyz, /metrics. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';

export interface ObserveOptions {
  readonly registry: Registry;
  /** Undefined while alive, else a line that names what hangs. */
  readonly notAlive: () => string | undefined;
  /** Undefined when ready, else a line that says why not. */
  readonly notReady: () => string | undefined;
}

export interface ObserveServer {
  readonly observePort: number;
  close(): Promise<void>;
}

/** Listens; rejects when it cannot. Port 0: the system chooses one. */
export async function startObserveServer(
  options: ObserveOptions,
  port: number,
  bind: string | undefined,
): Promise<ObserveServer> {
  const limits = { headersTimeout: 5000, requestTimeout: 10_000, keepAliveTimeout: 60_000, maxHeaderSize: 16 * 1024 };
  const server = createServer(limits, (request, response) => {
    answer(request, response, options).catch(() => response.destroy());
  });
  server.maxConnections = 100;
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, bind, resolve));
  const address = server.address();
  return {
    observePort: typeof address === 'object' && address !== null ? address.port : port,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, options: ObserveOptions): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return line(response, 405, 'GET only');
  switch (request.url?.split('?')[0]) {
    case '/healthz':
      return verdict(response, options.notAlive());
    case '/readyz':
      return verdict(response, options.notReady());
    case '/metrics': {
      const body = await options.registry.metrics();
      response.writeHead(200, { 'content-type': options.registry.contentType }).end(body);
      return;
    }
    default:
      return line(response, 404, 'there are /healthz, /readyz and /metrics');
  }
}

function verdict(response: ServerResponse, problem: string | undefined): void {
  line(response, problem === undefined ? 200 : 503, problem ?? 'ok');
}

function line(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}
