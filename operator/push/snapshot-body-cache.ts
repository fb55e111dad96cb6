import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { MAX_SNAPSHOT_BYTES } from '../../proxy/snapshot/types.ts';
import type { Snapshot } from '../../proxy/snapshot/types.ts';
import type { VersionedSnapshot } from './versioned-snapshot.ts';

/** The body of a push as it is sent. */
export interface EncodedBody {
  readonly bytes: Buffer;
  readonly gzip: boolean;
  /** Of the bytes as sent, in hex. */
  readonly sha256: string;
}

/** Bytes below which compression gains nothing. */
const COMPRESS_FROM = 1024;
const compress = promisify(gzip);

/** Digests of the parts of a snapshot that are not in `known`, in the order of its pools. */
export function missingParts(snapshot: VersionedSnapshot, known: { has(digest: string): boolean }): readonly string[] {
  return [...new Set(snapshot.content.pools.map((pool) => pool.digest))].filter((digest) => !known.has(digest));
}

/** Encodes bodies, each once for all proxies that need the same version and parts. Keeps the last few. */
export class SnapshotBodyCache {
  readonly #kept = new Map<string, Promise<EncodedBody>>();
  readonly #limit: number;
  readonly #maxBytes: number;

  /** Keeps `limit` bodies; refuses a body of more than `maxBytes` before compression. */
  constructor(limit = 16, maxBytes = MAX_SNAPSHOT_BYTES) {
    this.#limit = limit;
    this.#maxBytes = maxBytes;
  }

  /** The body with these parts. Rejects when it would be longer than a proxy accepts. */
  get(snapshot: VersionedSnapshot, parts: readonly string[]): Promise<EncodedBody> {
    const key = `${snapshot.digest} ${createHash('sha256').update(parts.join()).digest('hex')}`;
    const body = this.#kept.get(key) ?? encode(snapshot, parts, this.#maxBytes);
    // Least recently used first: that one is dropped.
    this.#kept.delete(key);
    this.#kept.set(key, body);
    if (this.#kept.size > this.#limit) this.#kept.delete(this.#kept.keys().next().value as string);
    return body;
  }
}

async function encode(versioned: VersionedSnapshot, digests: readonly string[], maxBytes: number): Promise<EncodedBody> {
  const { version, trustedKeys, content } = versioned;
  const parts: Record<string, Snapshot['parts'][string]> = {};
  for (const digest of digests) {
    const part = content.parts.get(digest);
    if (part !== undefined) parts[digest] = part;
  }
  const snapshot: Snapshot = { version, trustedKeys, listeners: content.listeners, pools: content.pools, parts };
  const plain = Buffer.from(JSON.stringify(snapshot));
  if (plain.length > maxBytes) throw new Error(`the snapshot has ${plain.length} bytes, a proxy reads at most ${maxBytes}`);
  const zipped = plain.length > COMPRESS_FROM;
  // The fastest level: on this text it compresses almost as well as the best, and pushes are urgent.
  const bytes = zipped ? await compress(plain, { level: constants.Z_BEST_SPEED }) : plain;
  return { bytes, gzip: zipped, sha256: createHash('sha256').update(bytes).digest('hex') };
}
