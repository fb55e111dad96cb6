/** The stats page: HTML at /stats, the same data as JSON at /stats.json. Read only, without authentication. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { acceptsGzip } from '../accept-encoding.ts';
import { contentSecurityPolicy, writePage } from './html.ts';
import { makeView } from './model.ts';
import type { Source } from './model.ts';
import { INTERVAL_MS, Sampler } from './sampler.ts';
import type { Serving } from './sampler.ts';
import { Busy, inSlices, SharedWork } from './slices.ts';
import { readFilter } from './text.ts';
import type { StatsView } from './view.ts';

export interface StatsOptions {
  readonly serving: Serving;
  /** Returns the present state of the proxy. */
  readonly source: () => Source;
  /** Monotonic and unix milliseconds. */
  readonly now: () => number;
  readonly wall: () => number;
  /** Milliseconds between two samples of counters. */
  readonly interval?: number;
}

export interface Stats {
  /** Answers requests below /stats; returns whether it did. */
  readonly answer: (req: IncomingMessage, res: ServerResponse) => Promise<boolean>;
  /** Stops sampling. */
  close(): void;
}

/** Requests with the same filter within this many ms share one view. */
const KEEP_MS = 500;
/** Different filters in progress or kept. */
const MAX_FILTERS = 16;

const compress = promisify(gzip);

export function createStats(o: StatsOptions): Stats {
  const { now, wall } = o;
  const sampler = new Sampler(o.serving);
  let sampling: Promise<void> | undefined;
  const sample = () => {
    sampling ??= inSlices(sampler.sample(now()), now).finally(() => (sampling = undefined));
  };
  sample();
  const timer = setInterval(sample, o.interval ?? INTERVAL_MS).unref();
  const views = new SharedWork<StatsView>({ keepMs: KEEP_MS, waiting: MAX_FILTERS, now });
  const view = (url: URL): Promise<StatsView> => {
    const filter = readFilter(url.searchParams.get('q') ?? '');
    return views.get(filter.text, () => inSlices(makeView(o.source(), sampler, filter, { now: now(), wall: wall() }), now));
  };
  const page = async (url: URL) => inSlices(writePage(await view(url)), now);
  return {
    answer: async (req, res) => {
      const url = URL.parse(req.url ?? '', 'http://proxy');
      if (url?.pathname === '/') return redirect(res);
      if (url?.pathname === '/stats') return send(req, res, 'text/html', () => page(url));
      if (url?.pathname === '/stats.json') return send(req, res, 'application/json', async () => JSON.stringify(await view(url)));
      return false;
    },
    close: () => clearInterval(timer),
  };
}

/** Relative, so that it works behind `kubectl proxy`, too. */
function redirect(res: ServerResponse): true {
  res.writeHead(302, { location: 'stats', 'content-length': 0 }).end();
  return true;
}

async function send(req: IncomingMessage, res: ServerResponse, type: string, make: () => Promise<string>): Promise<true> {
  let body: Buffer;
  try {
    body = Buffer.from(await make());
  } catch (error) {
    if (!(error instanceof Busy)) throw error;
    res.writeHead(503, { 'retry-after': '2', 'content-type': 'text/plain; charset=utf-8' });
    res.end('too many requests with different filters: try again in two seconds\n');
    return true;
  }
  const zipped = acceptsGzip(req.headers['accept-encoding']) ? await compress(body, { level: 1 }) : undefined;
  res.writeHead(200, {
    'content-type': `${type}; charset=utf-8`,
    'content-length': (zipped ?? body).length,
    vary: 'accept-encoding',
    ...(zipped && { 'content-encoding': 'gzip' }),
    'cache-control': 'no-store',
    'content-security-policy': contentSecurityPolicy(),
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
  });
  res.end(zipped ?? body);
  return true;
}
