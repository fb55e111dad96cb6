/** The server on the observe port: /healthz, /readyz, /metrics and, if enabled, /stats. */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Registry } from './registry.ts';
import { ScrapeHandler } from './scrape.ts';

export interface ObserveDeps {
  readonly registry: Registry;
  /** Undefined when ready, else the reason in one line. */
  readonly notReady: () => string | undefined;
  /** Answers requests below /stats; returns whether it did. Absent: no stats page. */
  readonly stats?: (req: IncomingMessage, res: ServerResponse) => Promise<boolean>;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Creates the server; it does not listen yet. */
export function createObserveServer(d: ObserveDeps): Server {
  const scrapes = new ScrapeHandler(d.registry, d.now);
  const server = createServer(
    { headersTimeout: 5_000, requestTimeout: 10_000, keepAliveTimeout: 60_000, maxHeaderSize: 16 * 1024 },
    (req, res) => {
      answer(req, res, d, scrapes).catch(() => res.destroy());
    },
  );
  server.maxConnections = 100;
  return server;
}

async function answer(req: IncomingMessage, res: ServerResponse, d: ObserveDeps, scrapes: ScrapeHandler): Promise<void> {
  if (req.method !== 'GET' && req.method !== 'HEAD') return text(res, 405, 'GET only', { allow: 'GET, HEAD' });
  switch (req.url?.split('?')[0]) {
    case '/healthz':
      return text(res, 200, 'ok');
    case '/readyz': {
      const why = d.notReady();
      return why === undefined ? text(res, 200, 'ok') : text(res, 503, why);
    }
    case '/metrics':
      return scrapes.answer(req, res);
    default:
      if ((await d.stats?.(req, res)) === true) return;
      return text(res, 404, `there are /healthz, /readyz${d.stats ? ', /metrics and /stats' : ' and /metrics'}`);
  }
}

function text(res: ServerResponse, status: number, line: string, headers: Record<string, string> = {}): void {
  res.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...headers });
  res.end(`${line}\n`);
}
