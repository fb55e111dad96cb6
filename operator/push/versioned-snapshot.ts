import { digest, snapshotDigest } from '../../proxy/snapshot/canonical.ts';
import type { Version } from '../../proxy/snapshot/types.ts';
import type { SnapshotContent } from '../translate/types.ts';

/** A content with a name that does not depend on when it was made. */
export interface Wish {
  /** Equal for equal contents, whatever the selection. */
  readonly key: string;
  readonly content: SnapshotContent;
}

/** A content under a version: what one push carries. PURE values. */
export interface Stamp extends Wish {
  readonly version: Version;
  readonly trustedKeys: readonly string[];
  /** As the proxy computes it: over version, keys, listeners and pools. */
  readonly digest: string;
}

export function wish(content: SnapshotContent): Wish {
  return { key: digest({ listeners: content.listeners, pools: content.pools }), content };
}

/**
 * Gives contents their versions within one epoch. A content keeps its version for as long as it is wanted, so that proxies
 * share bodies; a proxy that was sent a higher one meanwhile (it moved to another selection) makes the content get a new one.
 */
export class Stamper {
  readonly epoch: number;
  #trustedKeys: readonly string[];
  readonly #stamps = new Map<string, Stamp>();
  #sequence = 0;

  constructor(epoch: number, trustedKeys: readonly string[]) {
    this.epoch = epoch;
    this.#trustedKeys = trustedKeys;
  }

  get trustedKeys(): readonly string[] {
    return this.#trustedKeys;
  }

  /** From now on proxies are told to trust these: every content gets a new version. */
  trust(trustedKeys: readonly string[]): void {
    this.#trustedKeys = trustedKeys;
    this.#stamps.clear();
  }

  /** The content under a version whose sequence is at least `floor`. */
  stamp(wanted: Wish, floor: number): Stamp {
    const known = this.#stamps.get(wanted.key);
    if (known !== undefined && known.version.sequence >= floor) return known;
    this.#sequence = Math.max(this.#sequence + 1, floor);
    const version = { epoch: this.epoch, sequence: this.#sequence };
    const { listeners, pools } = wanted.content;
    const trustedKeys = this.#trustedKeys;
    const stamp = { ...wanted, version, trustedKeys, digest: snapshotDigest({ version, trustedKeys, listeners, pools }) };
    this.#stamps.set(wanted.key, stamp);
    return stamp;
  }

  /** Forgets contents that nobody wants any more; wanted again, they get a new version. */
  retain(wanted: { has(key: string): boolean }): void {
    for (const key of this.#stamps.keys()) if (!wanted.has(key)) this.#stamps.delete(key);
  }
}
