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
/** A key with its value. Each try begins at a separator and ends before the next one, so the time is linear. */
const PARAMETER = /(^|&)([^&=]*)=[^&]*/g;

/** @param query of a URL, without its question mark. Values of sensitive keys become REDACTED. */
export function redactQuery(query: string): string {
  if (!SUSPECT.test(query)) return query;
  return query.replace(PARAMETER, (parameter, before: string, key: string) =>
    SENSITIVE.has(decode(key)) ? `${before}${key}=REDACTED` : parameter,
  );
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
