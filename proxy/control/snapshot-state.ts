import type { KeyObject } from 'node:crypto';
import { isSameLocation } from '../snapshot/location.ts';
import type { Location } from '../snapshot/location.ts';
import { importPublicKey } from '../snapshot/token.ts';
import type { PoolPart, Snapshot, Version } from '../snapshot/types.ts';
import { missingParts } from '../snapshot/validate.ts';
import type { ControlLog } from './log.ts';
import { ConcurrencyLimit } from './concurrency-limit.ts';
import type { DataPlane, ResolvedSnapshot } from './data-plane.ts';
import type { ControlMetrics } from './control-metrics.ts';
import type { Fence, SnapshotStore } from './snapshot-store.ts';

/** The result of offering a snapshot. */
export type OfferResult =
  | { readonly kind: 'applied' | 'unchanged'; readonly applied: AppliedSnapshot }
  /** Lower than the fence, or of its version but another document. */
  | { readonly kind: 'stale' | 'conflict'; readonly current: Version }
  | { readonly kind: 'missing'; readonly digests: readonly string[] };

export interface AppliedSnapshot extends Version {
  readonly digest: string;
  readonly trustedKeys: readonly string[];
  /** Of this proxy. */
  readonly location: Location;
  /** Unix milliseconds at which it was applied. */
  readonly since: number;
  readonly parts: ReadonlyMap<string, PoolPart>;
}

export interface SnapshotStateOptions {
  readonly dataPlane: DataPlane;
  readonly store: SnapshotStore;
  readonly metrics: ControlMetrics;
  readonly log: ControlLog;
  readonly bootstrapKeys: readonly string[];
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Called after each change of the fence, the trusted keys, or the snapshot in force with what the data plane says of it. */
  readonly changed: () => void;
}

/** Negative if `a` is before `b`, 0 if they are equal. */
export function compareVersions(a: Version, b: Version): number {
  return a.epoch - b.epoch || a.sequence - b.sequence;
}

/**
 * Holds the snapshot in force, the fence and the trusted keys, and decides whether a newer snapshot is applied. Independent of
 * HTTP. Offers are processed one at a time, so calls of the data plane never overlap.
 */
export class SnapshotState {
  readonly #options: SnapshotStateOptions;
  readonly #oneAtATime = new ConcurrencyLimit(1);
  #fence: Fence | undefined;
  #applied: AppliedSnapshot | undefined;
  #keys: readonly KeyObject[];

  constructor(options: SnapshotStateOptions) {
    this.#options = options;
    this.#keys = importKeys(options.bootstrapKeys);
  }

  get applied(): AppliedSnapshot | undefined {
    return this.#applied;
  }

  /** The highest version accepted; 0, 0 before the first. */
  get fence(): Version {
    return { epoch: this.#fence?.epoch ?? 0, sequence: this.#fence?.sequence ?? 0 };
  }

  /** Keys that may sign tokens: those of the snapshot in force, or the bootstrap keys before the first one. */
  get keys(): readonly KeyObject[] {
    return this.#keys;
  }

  get trustedKeys(): readonly string[] {
    return this.#applied?.trustedKeys ?? this.#options.bootstrapKeys;
  }

  /** Applies the last good snapshot; returns whether there is one. Never rejects: a new pod has none, either. */
  restore(): Promise<boolean> {
    return this.#oneAtATime.run(async () => {
      const { store, log, dataPlane } = this.#options;
      try {
        const [fence, lastGood] = [await store.loadFence(), await store.loadLastGood()];
        this.#fence = fence;
        if (lastGood === undefined) return false;
        const { snapshot, digest, location } = lastGood;
        if (compareVersions(snapshot.version, this.fence) > 0) this.#fence = { ...snapshot.version, digest };
        await this.#apply(snapshot, digest, location);
        log.info({ version: snapshot.version, rejected: dataPlane.rejected().length }, 'the last good snapshot is in force');
        return true;
      } catch (error) {
        log.error({ err: error }, 'the last good snapshot cannot be put in force');
        return false;
      }
    });
  }

  /** Decides about a valid snapshot and the location sent with it. Rejects only if the data plane throws, against its contract. */
  offer(snapshot: Snapshot, digest: string, location: Location): Promise<OfferResult> {
    return this.#oneAtATime.run(() => this.#decide(snapshot, digest, location));
  }

  /** Settles when every snapshot offered so far is decided. */
  settled(): Promise<void> {
    return this.#oneAtATime.run(async () => {});
  }

  async #decide(snapshot: Snapshot, digest: string, location: Location): Promise<OfferResult> {
    const order = compareVersions(snapshot.version, this.fence);
    if (order < 0) return { kind: 'stale', current: this.fence };
    if (order === 0 && this.#fence?.digest !== digest) return { kind: 'conflict', current: this.fence };
    // The fence may be ahead of the snapshot in force, after a crash between the two. The location is not part of the document.
    const applied = this.#applied;
    if (applied !== undefined && compareVersions(snapshot.version, applied) === 0 && isSameLocation(location, applied.location))
      return { kind: 'unchanged', applied };
    const digests = missingParts(snapshot, applied?.parts ?? new Map());
    if (digests.length > 0) return { kind: 'missing', digests };
    return { kind: 'applied', applied: await this.#accept(snapshot, digest, location) };
  }

  async #accept(snapshot: Snapshot, digest: string, location: Location): Promise<AppliedSnapshot> {
    const { store, log, dataPlane, changed } = this.#options;
    this.#fence = { ...snapshot.version, digest };
    changed();
    await this.#save('fence', () => store.saveFence({ ...snapshot.version, digest }));
    const applied = await this.#apply(snapshot, digest, location);
    const whole = { ...snapshot, parts: Object.fromEntries(applied.parts) };
    await this.#save('last good snapshot', () => store.saveLastGood({ digest, location, snapshot: whole }));
    log.info({ version: snapshot.version, rejected: dataPlane.rejected().length }, 'a snapshot is in force');
    return applied;
  }

  async #apply(snapshot: Snapshot, digest: string, location: Location): Promise<AppliedSnapshot> {
    const { version, trustedKeys, listeners } = snapshot;
    const pools = resolve(snapshot, this.#applied?.parts);
    await this.#options.dataPlane.apply({ version, digest, trustedKeys, listeners, pools }, location);
    // Only the parts in force are kept, so that memory does not grow with the number of pushes.
    const parts = new Map(pools.map((pool) => [pool.digest, pool.part]));
    this.#applied = { ...version, digest, trustedKeys, location, since: this.#options.now(), parts };
    this.#keys = importKeys(trustedKeys);
    this.#options.metrics.applied(version);
    this.#options.changed();
    return this.#applied;
  }

  /** A full or broken disk must not keep traffic from following the cluster; it only makes a restart less safe. */
  async #save(what: string, save: () => Promise<void>): Promise<void> {
    try {
      await save();
    } catch (error) {
      this.#options.log.error({ err: error }, `the ${what} cannot be saved`);
    }
  }
}

/** The part of every pool; equal digests share one object. */
function resolve(snapshot: Snapshot, held: ReadonlyMap<string, PoolPart> | undefined): ResolvedSnapshot['pools'] {
  return snapshot.pools.map(({ id, digest }) => {
    const part = held?.get(digest) ?? snapshot.parts[digest];
    if (part === undefined) throw new Error(`the part of pool ${id} is missing`);
    return { id, digest, part };
  });
}

function importKeys(raw: readonly string[]): readonly KeyObject[] {
  return raw.map((key) => importPublicKey(key)).filter((key) => key !== undefined);
}
