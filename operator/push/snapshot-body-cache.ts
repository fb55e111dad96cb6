import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { MAX_SNAPSHOT_BYTES } from '../../proxy/snapshot/types.ts';
import type { Snapshot } from '../../proxy/snapshot/types.ts';
import type { Stamp } from './versioned-snapshot.ts';

/** A push's body as it is sent. */
export interface EncodedBody {
  readonly bytes: Buffer;
  readonly gzip: boolean;
  /** Of the bytes as sent, in hex. */
  readonly sha256: string;
}

/** Below this many bytes compressing gains nothing. */
const COMPRESS_FROM = 1024;
const compress = promisify(gzip);

/** The parts of a content that are not in `has`, by digest, in the order of its pools. */
export function lacking(stamp: Stamp, has: { has(digest: string): boolean }): readonly string[] {
  return [...new Set(stamp.content.pools.map((pool) => pool.digest))].filter((digest) => !has.has(digest));
}

/** Encodes bodies, each once for all proxies that need the same: same version, same parts. Keeps the last few. */
export class Bodies {
  readonly #kept = new Map<string, Promise<EncodedBody>>();
  readonly #limit: number;
  readonly #maxBytes: number;

  /** Keeps `limit` bodies; refuses those above `maxBytes`, uncompressed. */
  constructor(limit = 16, maxBytes = MAX_SNAPSHOT_BYTES) {
    this.#limit = limit;
    this.#maxBytes = maxBytes;
  }

  /** The body that carries these parts. Rejects when it would be longer than a proxy reads. */
  get(stamp: Stamp, parts: readonly string[]): Promise<EncodedBody> {
    const key = `${stamp.digest} ${createHash('sha256').update(parts.join()).digest('hex')}`;
    const body = this.#kept.get(key) ?? encode(stamp, parts, this.#maxBytes);
    // The one used last goes last, so that the first is the one to forget.
    this.#kept.delete(key);
    this.#kept.set(key, body);
    if (this.#kept.size > this.#limit) this.#kept.delete(this.#kept.keys().next().value as string);
    return body;
  }
}

async function encode(stamp: Stamp, digests: readonly string[], maxBytes: number): Promise<EncodedBody> {
  const { version, trustedKeys, content } = stamp;
  const parts: Record<string, Snapshot['parts'][string]> = {};
  for (const digest of digests) {
    const part = content.parts.get(digest);
    if (part !== undefined) parts[digest] = part;
  }
  const snapshot: Snapshot = { version, trustedKeys, listeners: content.listeners, pools: content.pools, parts };
  const plain = Buffer.from(JSON.stringify(snapshot));
  if (plain.length > maxBytes) throw new Error(`the snapshot has ${plain.length} bytes, a proxy reads at most ${maxBytes}`);
  const zipped = plain.length > COMPRESS_FROM;
  // The fastest level: it is close to the best on this text, and pushes are urgent.
  const bytes = zipped ? await compress(plain, { level: constants.Z_BEST_SPEED }) : plain;
  return { bytes, gzip: zipped, sha256: createHash('sha256').update(bytes).digest('hex') };
}
