/** The fleet as its users see it: what it does, what it is made from, and what it reports. */
import type { Version } from '../../proxy/snapshot/types.ts';
import type { SigningKeys } from '../signing-keys/key-secret.ts';
import type { Translation } from '../translate/types.ts';
import type { ProxyCounts } from './fleet-tally.ts';
import type { ProxyClient } from './proxy-client.ts';
import type { ProxyReport } from './proxy-report.ts';
import type { PushTiming } from './proxy-state.ts';
import type { PushResult } from './push-exchange.ts';

/** Which keys proxies trust, and which sign. */
export interface KeyDistribution {
  /** Signs with these keys, and makes proxies trust them, from now on. */
  setKeys(keys: SigningKeys): void;
  /** Names of the proxies that are not terminating and have not acknowledged this public key. */
  proxiesMissingKey(publicKey: string): readonly string[];
}

/** Brings every proxy to its content of the newest translation, and knows what each has acknowledged. */
export interface Fleet {
  /** Replaces the previous translation. `changedAt`: monotonic ms at which the change behind it was first seen. */
  setDesired(translation: Translation, changedAt: number): void;
  /** Pushes under this epoch from now on (sequence restarts at 1); undefined: stop pushing at once. */
  setEpoch(epoch: number | undefined): void;
  /** What each proxy of the newest translation is known to have, by pod UID. */
  reports(): ReadonlyMap<string, ProxyReport>;
  /** Stops timers and connections; pushes in flight may finish within 2 s. */
  stop(): Promise<void>;
}

export interface FleetEvents {
  /** A report changed: status may have to be written. */
  changed(): void;
  /** A proxy has a higher version (409): the leader must acquire the Lease again with a higher epoch, or stop. */
  fenced(current: Version): void;
}

/** Implemented by the operator's metrics. */
export interface FleetMetrics {
  pushed(result: PushResult): void;
  /** From when a change was first seen to its last acknowledgement by a Ready proxy, in seconds. */
  propagated(seconds: number): void;
  proxies(counts: ProxyCounts): void;
  /** The largest difference between a proxy's clock and ours, in seconds; 0 when no proxy refuses a token for it. */
  skew(seconds: number): void;
}

export interface FleetOptions {
  /** The first ones; see `KeyDistribution.setKeys`. */
  readonly keys: SigningKeys;
  readonly client: ProxyClient;
  readonly events: FleetEvents;
  /** Whether the Lease is held at this moment: checked before every push. */
  readonly leading: () => boolean;
  readonly metrics: FleetMetrics;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Unix milliseconds. */
  readonly unixNow: () => number;
  readonly random: () => number;
  readonly timing?: PushTiming;
}
