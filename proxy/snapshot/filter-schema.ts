/** Checks of the changes that a route makes to requests and responses. Strict, since the values are written into message heads. */
import { all, isObject, list, object, oneOf, string, stringThat, unique } from './check.ts';
import type { Check } from './check.ts';
import { isHeaderName, port, redirectStatus } from './fields.ts';
import { HOP_BY_HOP_HEADERS, HEADERS_SET_BY_PROXY } from './header-names.ts';

/** Marks the proxy's own replies. */
const OWN_IN_RESPONSES = ['outrigger-reason'];
/** It is forwarded, but concerns the next hop: no policy changes it. */
const NEXT_HOP = 'proxy-authenticate';

/** Printable ASCII; spaces and tabs only inside. */
const value = string({ min: 1, max: 4096, pattern: /^[!-~](?:[\t -~]*[!-~])?$/, what: 'a header value' });

/** Names that modifiers must not use, in lower case. */
export const KEPT = {
  requestHeaderModifier: [...HOP_BY_HOP_HEADERS, NEXT_HOP, ...HEADERS_SET_BY_PROXY],
  responseHeaderModifier: [...HOP_BY_HOP_HEADERS, NEXT_HOP, ...OWN_IN_RESPONSES],
} as const satisfies Record<string, readonly string[]>;

function modifier(names: readonly string[]): Check {
  const kept = new Set(names);
  const name = stringThat(
    (text) => isHeaderName(text) && !kept.has(text),
    'a header name in lower case that is neither hop-by-hop nor one that the proxy sets itself',
  );
  const headers = all(list(object({ name, value }), { max: 64 }), unique('name'));
  return all(object({ set: headers, add: headers, remove: list(name, { max: 64 }) }), namedOnce);
}

/** A name that is set and removed would be ambiguous. */
const namedOnce: Check = (modifier, report) => {
  if (!isObject(modifier)) return;
  const names = [modifier['set'], modifier['add'], modifier['remove']]
    .flatMap((given: unknown): unknown[] => (Array.isArray(given) ? given : []))
    .map((given) => (isObject(given) ? given['name'] : given))
    .filter((name) => typeof name === 'string');
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) report.fail(`names ${twice.slice(0, 256)} twice`);
};

const hostname = string({ min: 1, max: 253, pattern: /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, what: 'a host name in lower case' });

/**
 * Paths that the proxy accepts in requests, without ambiguities: no query, no empty segments, no encoded dot, slash, backslash or
 * NUL that a backend could decode.
 */
const PATH = /^[-A-Za-z0-9/._~!$&'()*+,;=:@%]*$/;
const AMBIGUOUS = /\/\/|%(?![0-9a-f]{2})|%(?:00|2e|2f|5c)|\/\.{1,2}(?:\/|$)/i;

function isPath(text: string): boolean {
  return text.length <= 4096 && text.startsWith('/') && PATH.test(text) && !AMBIGUOUS.test(text);
}

const PATH_WORDS = 'a path that starts with /, without query, empty or dot elements, and encoded dots or slashes';
const fullPath = stringThat(isPath, PATH_WORDS);
const prefix = stringThat((text) => text === '' || isPath(text), `empty, or ${PATH_WORDS}`);

const path: Check = (given, report) => {
  if (isObject(given) && given['type'] === 'ReplaceFullPath') object({ value: fullPath })(given, report);
  else object({ type: oneOf(['ReplaceFullPath', 'ReplacePrefixMatch']), value: prefix })(given, report);
};

/** Optional members of a route. */
export const filters: Readonly<Record<string, Check>> = {
  requestHeaderModifier: modifier(KEPT.requestHeaderModifier),
  responseHeaderModifier: modifier(KEPT.responseHeaderModifier),
  urlRewrite: object({}, { hostname, path }),
  requestRedirect: object({ statusCode: redirectStatus }, { scheme: oneOf(['http', 'https']), hostname, port, path }),
};
