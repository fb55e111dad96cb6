import { DROPPED } from '../http1/request-head.ts';

/**
 * Trailers as they go on. Fields that say where a message goes, how it is read or who sends it have no place behind a body
 * (RFC 9110 §6.5.1): a receiver that merges trailers into the head would take them for its own.
 */
const NOT_IN_TRAILERS = new Set([
  ...DROPPED,
  'authorization',
  'content-encoding',
  'content-range',
  'content-type',
  'cookie',
  'max-forwards',
  'set-cookie',
]);

/** @param raw names and values in turn, as received. */
export function trailersToSend(raw: readonly string[]): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string;
    if (!NOT_IN_TRAILERS.has(name.toLowerCase())) pairs.push([name, raw[i + 1] as string]);
  }
  return pairs;
}
