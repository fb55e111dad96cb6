/** What a route matches and changes; part of types.ts. */

/** All given terms must hold (Gateway API HTTPRouteMatch). */
export interface Match {
  /** A regular expression (RE2 syntax) must describe the whole path. */
  readonly path?: { readonly type: 'PathPrefix' | 'Exact' | 'RegularExpression'; readonly value: string };
  readonly method?: string;
  /** Names are lower case and unique. */
  readonly headers?: readonly HeaderMatch[];
}

export interface HeaderMatch extends Header {
  /** Absent: `Exact`. A regular expression (RE2 syntax) must describe the whole value. */
  readonly type?: 'Exact' | 'RegularExpression';
}

export interface Header {
  readonly name: string;
  readonly value: string;
}

/** Names are lower case, none of them twice, and none that the proxy answers for itself (schema.ts lists them). */
export interface HeaderModifier {
  /** In place of what is there. */
  readonly set: readonly Header[];
  /** Beside what is there. */
  readonly add: readonly Header[];
  readonly remove: readonly string[];
}

/** The query is kept. `ReplacePrefixMatch` only where every match is a `PathPrefix`; its value may be empty. */
export interface PathModifier {
  readonly type: 'ReplaceFullPath' | 'ReplacePrefixMatch';
  readonly value: string;
}

export interface UrlRewrite {
  /** The Host header that backends get. */
  readonly hostname?: string;
  readonly path?: PathModifier;
}

/** What is absent stays as in the request. */
export interface RequestRedirect {
  readonly scheme?: 'http' | 'https';
  readonly hostname?: string;
  /** Absent: the scheme's own where a scheme is given, else the listener's. */
  readonly port?: number;
  readonly path?: PathModifier;
  readonly statusCode: 301 | 302 | 303 | 307 | 308;
}

/** A cookie that names the endpoint which a client stays with. */
export interface SessionPersistence {
  /** What cookie values are made of, beside the endpoint: each policy's differ. */
  readonly policyUid: string;
  readonly name: string;
  /** Max-Age in ms, from when the client got it; 0: it goes with the browser's session. */
  readonly ttl: number;
  readonly sameSite: 'Strict' | 'Lax' | 'None';
}
