import { digest, snapshotDigest } from '../../proxy/snapshot/canonical.ts';
import type { Version } from '../../proxy/snapshot/types.ts';
import type { SnapshotContent } from '../translate/types.ts';

/** The content that a proxy must have, with a key that depends only on the content. */
export interface DesiredContent {
  /** Equal for equal contents, whatever the selection. */
  readonly key: string;
  readonly content: SnapshotContent;
}

/** A content under a version: what one push carries. Pure values. */
export interface VersionedSnapshot extends DesiredContent {
  readonly version: Version;
  readonly trustedKeys: readonly string[];
  /** As the proxy computes it: over version, keys, listeners and pools. */
  readonly digest: string;
}

/**
 * @param before the former content of the selection: its maps of generations and UIDs stay where they are equal, so that who compares
 * reports by identity sees that a change of endpoints changed none
 */
export function desiredContent(content: SnapshotContent, before?: SnapshotContent): DesiredContent {
  const key = digest({ listeners: content.listeners, pools: content.pools });
  if (before === undefined) return { key, content };
  const { generations, uids } = content;
  const shared = {
    generations: sameIfEqual(before.generations, generations),
    ...(uids && { uids: sameIfEqual(before.uids, uids) }),
  };
  return { key, content: { ...content, ...shared } };
}

type Entries<T> = ReadonlyMap<string, T>;

function sameIfEqual<T>(before: Entries<T> | undefined, after: Entries<T>): Entries<T> {
  if (before?.size !== after.size) return after;
  for (const [key, value] of after) if (before.get(key) !== value) return after;
  return before;
}

/**
 * Gives contents their versions within one epoch. A content keeps its version while any proxy must have it, so that proxies share
 * bodies. When a proxy was sent a higher version meanwhile (it moved to another selection), the content gets a new version.
 */
export class SnapshotVersioner {
  readonly epoch: number;
  #trustedKeys: readonly string[];
  readonly #snapshots = new Map<string, VersionedSnapshot>();
  #sequence = 0;

  constructor(epoch: number, trustedKeys: readonly string[]) {
    this.epoch = epoch;
    this.#trustedKeys = trustedKeys;
  }

  get trustedKeys(): readonly string[] {
    return this.#trustedKeys;
  }

  /** Proxies must trust these keys from now on: every content gets a new version. */
  setTrustedKeys(trustedKeys: readonly string[]): void {
    this.#trustedKeys = trustedKeys;
    this.#snapshots.clear();
  }

  /** The content under a version whose sequence is at least `minSequence`. */
  assignVersion(desired: DesiredContent, minSequence: number): VersionedSnapshot {
    const known = this.#snapshots.get(desired.key);
    if (known !== undefined && known.version.sequence >= minSequence) return known;
    this.#sequence = Math.max(this.#sequence + 1, minSequence);
    const version = { epoch: this.epoch, sequence: this.#sequence };
    const { listeners, pools } = desired.content;
    const trustedKeys = this.#trustedKeys;
    const snapshot = { ...desired, version, trustedKeys, digest: snapshotDigest({ version, trustedKeys, listeners, pools }) };
    this.#snapshots.set(desired.key, snapshot);
    return snapshot;
  }

  /** Forgets contents that no proxy must have any more; when one must again, they get a new version. */
  retain(keys: { has(key: string): boolean }): void {
    for (const key of this.#snapshots.keys()) if (!keys.has(key)) this.#snapshots.delete(key);
  }
}
