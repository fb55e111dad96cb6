/** Conditions on headers, in words, without the values of credentials. PURE. */
import type { HeaderMatch } from '../../snapshot/types.ts';

/** Longest value shown, in characters: others of the same match need room too. */
const MAX_VALUE = 40;
/** Names of headers whose values are credentials, or may be. Rather too many: `x-author-key` is hidden as well. */
const CREDENTIAL =
  /auth|cookie|token|secret|passw|credential|session|signature|jwt|jws|csrf|xsrf|bearer|api-?_?key|(^|[-_.])(key|pass|pin|otp|sid)([-_.\d]|$)/i;

/** `x-team = payments`, or with a regular expression `x-team ~ pay.*`. */
export function headerInWords({ name, type, value }: HeaderMatch): string {
  return `${name} ${type === 'RegularExpression' ? '~' : '='} ${CREDENTIAL.test(name) ? '***' : shortened(value)}`;
}

function shortened(value: string): string {
  return value.length > MAX_VALUE ? `${value.slice(0, MAX_VALUE)}…` : value;
}
