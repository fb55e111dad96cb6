import { createHash } from 'node:crypto';
import type { Snapshot } from './types.ts';

/** Deeper nesting is refused, so that a hostile document cannot exhaust the stack. A snapshot needs 8. */
const MAX_DEPTH = 64;

/**
 * The canonical text of a JSON value: members sorted by name (UTF-16 code units, as in RFC 8785), no spaces, undefined members
 * dropped. Throws a TypeError for values that JSON cannot represent or that are nested more than 64 deep.
 */
export function canonicalJson(value: unknown): string {
  return write(value, 0);
}

/** SHA-256 of the canonical JSON, in hex. */
export function digest(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}

/** The digest of a snapshot without `parts`, which the digests in `pools` represent. */
export function snapshotDigest(snapshot: Omit<Snapshot, 'parts'>): string {
  return digest({ ...snapshot, parts: undefined });
}

function write(value: unknown, depth: number): string {
  if (depth > MAX_DEPTH) throw new TypeError('nested too deeply');
  if (Array.isArray(value)) return `[${value.map((item) => write(item, depth + 1)).join(',')}]`;
  if (typeof value === 'object' && value !== null) return writeObject(value as Record<string, unknown>, depth);
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError('a number that is not finite');
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new TypeError(`no JSON for a value of type ${typeof value}`);
  return text;
}

function writeObject(value: Record<string, unknown>, depth: number): string {
  const members: string[] = [];
  for (const name of Object.keys(value).sort()) {
    const member = value[name];
    if (member !== undefined) members.push(`${JSON.stringify(name)}:${write(member, depth + 1)}`);
  }
  return `{${members.join(',')}}`;
}
