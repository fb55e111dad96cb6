import type { HashOn } from '../snapshot/load-balancer.ts';

/** What of a request a key may be made of; exchange facts are one. */
export interface KeySource {
  readonly clientAddress: string;
  /** Without query. */
  readonly path: string;
  /** Path and query. */
  readonly target: string;
  header(name: string): string | undefined;
}

/** The key that a request is placed by; undefined: it has none, as where nobody sent the header. Empty values are none. */
export function keyOf(on: HashOn, source: KeySource): string | undefined {
  switch (on.type) {
    case 'SourceIP':
      return source.clientAddress;
    case 'Path':
      return source.path;
    case 'Header':
      return source.header(on.name) || undefined;
    case 'QueryParam':
      return queryParam(source.target, on.name) || undefined;
    case 'Cookie':
      return cookieOf(source.header('cookie'), on.name);
  }
}

/** The first value, decoded as forms are. */
function queryParam(target: string, name: string): string | undefined {
  const at = target.indexOf('?');
  return at < 0 ? undefined : (new URLSearchParams(target.slice(at + 1)).get(name) ?? undefined);
}

/** The first value in a Cookie header, without quotes; undefined where there is none, or an empty one. */
export function cookieOf(header: string | undefined, name: string): string | undefined {
  if (header === undefined || !header.includes(name)) return undefined;
  for (const pair of header.split(';')) {
    const at = pair.indexOf('=');
    if (at < 0 || pair.slice(0, at).trim() !== name) continue;
    return (
      pair
        .slice(at + 1)
        .trim()
        .replace(/^"(.*)"$/, '$1') || undefined
    );
  }
  return undefined;
}

/** A value for a cookie that is absent: 128 random bits in hex. */
export function makeCookieValue(random: () => number): string {
  const word = () =>
    Math.trunc(random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
  return word() + word() + word() + word();
}

/** How a cookie is kept by the client; `ttl` in ms, 0: until its session ends. */
export interface CookieSettings {
  readonly name: string;
  readonly ttl: number;
  readonly sameSite: 'Strict' | 'Lax' | 'None';
}

/** As Set-Cookie carries it; scripts can not read it. Browsers take SameSite=None only from what is Secure. */
export function formatCookie({ name, ttl, sameSite }: CookieSettings, value: string): string {
  const age = ttl > 0 ? `; Max-Age=${Math.ceil(ttl / 1000)}` : '';
  return `${name}=${value}; Path=/; HttpOnly; SameSite=${sameSite}${sameSite === 'None' ? '; Secure' : ''}${age}`;
}
