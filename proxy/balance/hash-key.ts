import { headerOf } from '../message/request-head.ts';
import type { HeaderSource, RequestHead } from '../message/request-head.ts';
import type { HashOn } from '../snapshot/load-balancer.ts';

/** The part of a request that a key may be made of. */
export type HashKeySource = Pick<RequestHead, 'path' | 'target'> & HeaderSource;

/** The hash key of a request; undefined: it has none, for example because the header is absent. An empty value is no key. */
export function hashKeyOf(on: HashOn, source: HashKeySource, clientAddress: string): string | undefined {
  switch (on.type) {
    case 'SourceIP':
      return clientAddress;
    case 'Path':
      return source.path;
    case 'Header':
      return headerOf(source, on.name) || undefined;
    case 'QueryParam':
      return queryParam(source.target, on.name) || undefined;
    case 'Cookie':
      return cookieOf(headerOf(source, 'cookie'), on.name);
  }
}

/** The first value, decoded as in a form. */
function queryParam(target: string, name: string): string | undefined {
  const at = target.indexOf('?');
  return at < 0 ? undefined : (new URLSearchParams(target.slice(at + 1)).get(name) ?? undefined);
}

/** The first value in a Cookie header, without quotes; undefined if absent or empty. */
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

/** The value of a generated cookie: 128 random bits in hex. */
export function makeCookieValue(random: () => number): string {
  const word = () =>
    Math.trunc(random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
  return word() + word() + word() + word();
}

/** Attributes of a cookie; `ttl` in ms, 0: a session cookie. */
export interface CookieSettings {
  readonly name: string;
  readonly ttl: number;
  readonly sameSite: 'Strict' | 'Lax' | 'None';
}

/** The Set-Cookie value. HttpOnly; SameSite=None requires Secure in browsers. `secure`: the client's connection is encrypted. */
export function formatCookie({ name, ttl, sameSite }: CookieSettings, value: string, secure: boolean): string {
  const age = ttl > 0 ? `; Max-Age=${Math.ceil(ttl / 1000)}` : '';
  return `${name}=${value}; Path=/; HttpOnly; SameSite=${sameSite}${secure || sameSite === 'None' ? '; Secure' : ''}${age}`;
}
