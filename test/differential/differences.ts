/** Listed differences from a peer: their form, and how what was found is held against them. */
import type { ContenderName } from './contenders.ts';

/** A peer of this proxy with the engine `http1` of both sides; `node-http` and `http-proxy` are its other engines. */
export type PeerName = Exclude<ContenderName, 'http1'>;

export const HAPROXY: readonly PeerName[] = ['haproxy'];
export const NGINX: readonly PeerName[] = ['nginx'];
export const BOTH: readonly PeerName[] = ['haproxy', 'nginx'];
export const NODE_HTTP: readonly PeerName[] = ['node-http'];
export const HTTP_PROXY: readonly PeerName[] = ['http-proxy'];

/**
 * - `stricter`: this proxy refuses what the peer forwards; `more lenient`: the other way round.
 * - `normalizes`: one of them writes the same thing in another way.
 * - `drops`: this proxy drops what is for one connection or for a proxy; the peer forwards it.
 * - `peer loses`: the peer drops, changes or hides something that this proxy keeps.
 * - `own answer`: one of them answers by itself, or with another status, or closes where the other goes on.
 * - `known`: this proxy is the worse one.
 */
type Kind = 'stricter' | 'more lenient' | 'normalizes' | 'drops' | 'peer loses' | 'own answer' | 'known';

export interface Listed {
  readonly kind: Kind;
  readonly why: string;
  readonly where: readonly Where[];
}

interface Where {
  readonly peers: readonly PeerName[];
  /** As `compare.ts` words them. */
  readonly differs: readonly string[];
  readonly cases: readonly string[] | 'any';
}

/** Each difference holds for each peer in each case; `any`: in whatever case, and in at least one. */
export const on = (peers: readonly PeerName[], differs: readonly string[], cases: readonly string[] | 'any'): Where => ({
  peers,
  differs,
  cases,
});

/** What was found about one peer: differences by case. */
export type Found = ReadonlyMap<string, readonly string[]>;

interface Verdict {
  /** Found, and not listed. */
  readonly unlisted: readonly string[];
  /** Listed, and not found. */
  readonly gone: readonly string[];
}

/** Both are empty where the table is exact. */
export function holdAgainst(table: readonly Listed[], peer: PeerName, found: Found): Verdict {
  const listed = new Set<string>();
  const anywhere = new Set<string>();
  for (const { peers, differs, cases } of table.flatMap(({ where }) => where)) {
    if (!peers.includes(peer)) continue;
    for (const text of differs) {
      if (cases === 'any') anywhere.add(text);
      else for (const one of cases) listed.add(`${one}: ${text}`);
    }
  }
  const all = [...found].flatMap(([one, texts]) => texts.map((text) => ({ text, key: `${one}: ${text}` })));
  const keys = new Set(all.map(({ key }) => key));
  const texts = new Set(all.map(({ text }) => text));
  return {
    unlisted: all.filter(({ text, key }) => !listed.has(key) && !anywhere.has(text)).map(({ key }) => key),
    gone: [...[...listed].filter((key) => !keys.has(key)), ...[...anywhere].filter((text) => !texts.has(text))],
  };
}
