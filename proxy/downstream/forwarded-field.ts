/** The field Forwarded (RFC 7239), in which each proxy describes the connection of its peer. PURE. */
import { readAddress } from './client-address.ts';
import type { ForwardedEntry } from './client-address.ts';
import { MAX_TRUSTED_HOPS } from '../snapshot/limits.ts';

export interface ForwardedElement extends ForwardedEntry {
  /** for=, as X-Forwarded-For has it: an address without port, else a token as it is, else `unknown`. */
  readonly node: string;
  /** proto= and host=, without quotes; undefined if absent. */
  readonly proto: string | undefined;
  readonly host: string | undefined;
}

type Parameters = ReadonlyMap<string, string>;

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const WHOLE_TOKEN = new RegExp(`^${TOKEN}$`);
const TEXT = '[\\t !#-\\[\\]-~\\x80-\\xff]*';
const QUOTED = `"(${TEXT}(?:\\\\[\\t -~\\x80-\\xff]${TEXT})*)"`;
/** A parameter, which may be missing, and what follows it. No two of its parts begin alike, so that each step is linear. */
const STEP = new RegExp(`(?:(${TOKEN})=(?:(${TOKEN})|${QUOTED}))?([ \\t]*(?:[,;][ \\t]*|$))`, 'y');
const NONE: Parameters = new Map();

/**
 * The last elements, at most MAX_TRUSTED_HOPS, in their order. Undefined if the field as a whole does not follow the grammar, or an
 * element has a parameter twice: with a quote left open, nothing says where a proxy's own element begins. An empty element counts,
 * as in X-Forwarded-For.
 */
export function parseForwarded(text: string): ForwardedElement[] | undefined {
  const last: Parameters[] = [];
  STEP.lastIndex = 0;
  for (let element: Map<string, string> | undefined; ;) {
    const step = STEP.exec(text);
    if (!step) return undefined;
    const [, name, token, quoted = '', separator] = step;
    if (name !== undefined) {
      element ??= new Map();
      const key = name.toLowerCase();
      if (element.has(key)) return undefined;
      element.set(key, token ?? quoted.replace(/\\(.)/g, '$1'));
    }
    // White space around the semicolon is not in the grammar, but in configurations that write the field by hand.
    if (separator?.includes(';')) continue;
    if (last.push(element ?? NONE) > MAX_TRUSTED_HOPS) last.shift();
    if (!separator?.includes(',')) return last.map(readElement);
    element = undefined;
  }
}

function readElement(parameters: Parameters): ForwardedElement {
  const node = parameters.get('for') ?? '';
  const address = readAddress(node);
  return {
    address,
    node: address ?? (WHOLE_TOKEN.test(node) ? node : 'unknown'),
    proto: parameters.get('proto'),
    host: parameters.get('host'),
  };
}
