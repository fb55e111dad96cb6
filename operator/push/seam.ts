import type { SigningKeys } from '../signing-keys/key-secret.ts';
import type { Translation } from '../translate/types.ts';
import type { Rejected, UnhealthyEndpoint, Version } from '../../proxy/snapshot/types.ts';

/** Which keys proxies trust, and which sign. */
export interface KeyCarrier {
  /** Signs with these, and tells proxies to trust these, from now on. */
  trust(keys: SigningKeys): void;
  /** Names of the proxies that may live on and have not acknowledged this public key. */
  lacking(publicKey: string): readonly string[];
}

/** Brings every proxy to what the newest translation wants, and knows what each has acknowledged. */
export interface Fleet {
  /** The newest wish replaces the one before it. `changedAt`: monotonic ms at which the change behind it was first seen. */
  want(translation: Translation, changedAt: number): void;
  /** Pushes under this epoch from now on (sequence restarts at 1); undefined: stop pushing at once. */
  lead(epoch: number | undefined): void;
  /** What each proxy of the newest translation is known to have, by pod UID. */
  reports(): ReadonlyMap<string, ProxyReport>;
  /** Stops timers and connections; pushes in flight may finish within 2 s. */
  stop(): Promise<void>;
}

export interface FleetEvents {
  /** A report changed: status may have to be written. */
  changed(): void;
  /** A proxy holds a higher version than ours (409): the leader must acquire anew above it, or stop. */
  fenced(current: Version): void;
}

export interface ProxyReport {
  /** The last acknowledged snapshot; absent before the first. */
  readonly acked?: Version & {
    readonly digest: string;
    /** Policies in it (`namespace/name`) and their generations. */
    readonly generations: ReadonlyMap<string, number>;
    /** And their UIDs, where known. */
    readonly uids?: ReadonlyMap<string, string>;
  };
  /** Whether `acked` is the newest content this proxy should have. */
  readonly current: boolean;
  readonly rejected: readonly Rejected[];
  /** From the last status answer; undefined when none was had yet. */
  readonly unhealthy: readonly UnhealthyEndpoint[] | undefined;
  /** Why the last push or question failed, in words; absent when it did not. */
  readonly error?: string;
}
