/** What a route matches and changes; part of types.ts. */

/** All given terms must hold (Gateway API HTTPRouteMatch). */
export interface Match {
  /** A regular expression (RE2 syntax) must match the whole path. */
  readonly path?: { readonly type: 'PathPrefix' | 'Exact' | 'RegularExpression'; readonly value: string };
  readonly method?: string;
  /** Names are lower case and unique. */
  readonly headers?: readonly HeaderMatch[];
}

export interface HeaderMatch extends Header {
  /** Absent: `Exact`. A regular expression (RE2 syntax) must match the whole value. */
  readonly type?: 'Exact' | 'RegularExpression';
}

export interface Header {
  readonly name: string;
  readonly value: string;
}

/** Names are lower case and unique, and none of header-names.ts. */
export interface HeaderModifier {
  /** Replaces the field. */
  readonly set: readonly Header[];
  /** Adds a field beside existing ones. */
  readonly add: readonly Header[];
  readonly remove: readonly string[];
}

/** The query is kept. `ReplacePrefixMatch` requires that every match is a `PathPrefix`; its value may be empty. */
export interface PathModifier {
  readonly type: 'ReplaceFullPath' | 'ReplacePrefixMatch';
  readonly value: string;
}

export interface UrlRewrite {
  /** The Host header sent to backends. */
  readonly hostname?: string;
  readonly path?: PathModifier;
}

/** Absent members stay as in the request. */
export interface RequestRedirect {
  readonly scheme?: 'http' | 'https';
  readonly hostname?: string;
  /** Absent: the default of `scheme` if given, else the port that the client connected to (RequestHead.port). */
  readonly port?: number;
  readonly path?: PathModifier;
  readonly statusCode: 301 | 302 | 303 | 307 | 308;
}

/** A cookie that names the endpoint of a client. */
export interface SessionPersistence {
  /** Input of cookie values, beside the endpoint, so that policies have different values. */
  readonly policyUid: string;
  readonly name: string;
  /** Max-Age in ms, from when the cookie is set; 0: session cookie. */
  readonly ttl: number;
  readonly sameSite: 'Strict' | 'Lax' | 'None';
}
