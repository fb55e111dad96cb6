/** What the requests of a load generator look like: as options of the program, and as bytes. */

/** Everything is optional: without anything, a GET of `/` with no fields but Host. */
export interface RequestShape {
  readonly method?: string;
  /** Path and query; those that `backend.ts` knows say what the response is. */
  readonly path?: string;
  /** Whether the request has the fields that a browser sends: 16 with Host, some 900 bytes. */
  readonly browser?: boolean;
  /** Whether the connection ends with the response, so that every request has a new one. */
  readonly close?: boolean;
  /** Bytes of the body; absent: no body. */
  readonly body?: number;
  /** Bytes of the body in each chunk; absent: the body has a Content-Length. */
  readonly chunk?: number;
  /** Bytes in each write; absent: one write for all. */
  readonly write?: number;
}

const CHARACTER = 'x';
const COOKIE = `session=${'0123456789abcdef'.repeat(8)}; consent=${'yes-'.repeat(12)}; theme=dark; _ga=GA1.1.1234567890.1234567890`;
/** The version numbers are of no importance; the number of fields and bytes is. */
export const BROWSER_FIELDS: readonly string[] = [
  'Connection: keep-alive',
  'Cache-Control: max-age=0',
  'sec-ch-ua: "Chromium";v="128", "Not;A=Brand";v="24", "Google Chrome";v="128"',
  'sec-ch-ua-mobile: ?0',
  'sec-ch-ua-platform: "Linux"',
  'Upgrade-Insecure-Requests: 1',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36',
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8',
  'Sec-Fetch-Site: same-origin',
  'Sec-Fetch-Mode: navigate',
  'Sec-Fetch-Dest: document',
  'Referer: https://shop.example.com/catalogue/shoes',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Accept-Language: en-GB,en;q=0.9,de;q=0.8',
  `Cookie: ${COOKIE}`,
];

/** The flags of `load.ts` for this shape. */
export function shapeArgs(shape: RequestShape): readonly string[] {
  return Object.entries(shape).flatMap(([name, value]) => {
    if (typeof value === 'boolean') return value ? [`--${name}`] : [];
    return value === undefined ? [] : [`--${name}`, String(value)];
  });
}

/** The options of `parseArgs` that `shapeArgs` writes. */
export const SHAPE_OPTIONS = {
  method: { type: 'string' },
  path: { type: 'string' },
  browser: { type: 'boolean' },
  close: { type: 'boolean' },
  body: { type: 'string' },
  chunk: { type: 'string' },
  write: { type: 'string' },
} as const;

interface ShapeFlags {
  readonly method?: string;
  readonly path?: string;
  readonly browser?: boolean;
  readonly close?: boolean;
  readonly body?: string;
  readonly chunk?: string;
  readonly write?: string;
}

/** @throws Error when a size is not a whole number above 0. */
export function shapeOf({ method, path, browser, close, ...sizes }: ShapeFlags): RequestShape {
  const size = (name: 'body' | 'chunk' | 'write') => {
    const text = sizes[name];
    if (text === undefined) return {};
    if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`--${name} must be a whole number above 0`);
    return { [name]: Number(text) };
  };
  return {
    ...(method !== undefined && { method }),
    ...(path !== undefined && { path }),
    ...(browser !== undefined && { browser }),
    ...(close !== undefined && { close }),
    ...{ ...size('body'), ...size('chunk'), ...size('write') },
  };
}

/** The whole request. `host`: the value of its field Host. */
export function requestBytes({ method = 'GET', path = '/', browser, close, body, chunk }: RequestShape, host: string): Buffer {
  const fields = [`Host: ${host}`, ...(browser === true ? BROWSER_FIELDS : [])];
  if (close === true) fields.push('Connection: close');
  if (body !== undefined) fields.push(framingField(body, chunk));
  return Buffer.concat([
    Buffer.from(`${method} ${path} HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n`, 'latin1'),
    ...(body === undefined ? [] : [bodyBytes(body, chunk)]),
  ]);
}

/** The field that says how long a body is. */
export function framingField(bytes: number, chunk: number | undefined): string {
  return chunk === undefined ? `Content-Length: ${bytes}` : 'Transfer-Encoding: chunked';
}

/** A body of so many bytes, in chunks of `chunk` bytes each (the last one may be smaller), or without chunks. */
export function bodyBytes(bytes: number, chunk: number | undefined): Buffer {
  if (chunk === undefined) return Buffer.alloc(bytes, CHARACTER);
  const one = (size: number) => `${size.toString(16)}\r\n${CHARACTER.repeat(size)}\r\n`;
  const rest = bytes % chunk;
  return Buffer.from(`${one(chunk).repeat(Math.floor(bytes / chunk))}${rest === 0 ? '' : one(rest)}0\r\n\r\n`, 'latin1');
}
