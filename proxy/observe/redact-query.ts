/** Removes credentials from the query of a URL before it is logged. PURE. */

/** Keys whose values OpenTelemetry says to redact by default (`url.query`, semantic conventions 1.45.0); case matters. */
const SENSITIVE: ReadonlySet<string> = new Set([
  'AWSAccessKeyId',
  'Signature',
  'sig',
  'X-Goog-Signature',
  'X-Amz-Signature',
  'X-Amz-Credential',
  'X-Amz-Security-Token',
]);

/** A query without any of this has no such key: most queries need no second look. */
const SUSPECT = /sig|Sig|AWSAccess|X-Amz|%/;
/** @param query of a URL, without its question mark. Values of sensitive keys become REDACTED. Linear in time. */
export function redactQuery(query: string): string {
  return SUSPECT.test(query) ? query.split('&').map(redactParameter).join('&') : query;
}

/** Some backends separate parameters with semicolons, which for others are a part of the value: all after a sensitive key is redacted. */
function redactParameter(text: string): string {
  for (let start = 0; ;) {
    const end = text.indexOf(';', start);
    const parameter = text.slice(start, end < 0 ? undefined : end);
    const equals = parameter.indexOf('=');
    if (equals >= 0 && SENSITIVE.has(decode(parameter.slice(0, equals)))) return `${text.slice(0, start + equals + 1)}REDACTED`;
    if (end < 0) return text;
    start = end + 1;
  }
}

/** A backend decodes keys before it compares them. */
function decode(key: string): string {
  if (!key.includes('%')) return key;
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
