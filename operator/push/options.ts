import type { ProxyClient } from './proxy-client.ts';
import type { PushResult } from './push-exchange.ts';
import type { Pace } from './proxy-state.ts';
import type { FleetEvents } from './seam.ts';
import type { SigningKeys } from '../signing-keys/key-secret.ts';
import type { ProxyCounts } from './fleet-summary.ts';

/** What the fleet counts; implemented by the operator's metrics. */
export interface FleetMetrics {
  pushed(result: PushResult): void;
  /** From a change's first sight to the last acknowledgement of a Ready proxy, in seconds. */
  propagated(seconds: number): void;
  proxies(counts: ProxyCounts): void;
  /** The largest difference between a proxy's clock and ours, in seconds; 0 when no proxy refuses a token for it. */
  skew(seconds: number): void;
}

export interface FleetOptions {
  /** To begin with; see `Fleet.trust`. */
  readonly keys: SigningKeys;
  readonly client: ProxyClient;
  readonly events: FleetEvents;
  /** Whether the Lease is held at this moment: asked before every push. */
  readonly leading: () => boolean;
  readonly metrics: FleetMetrics;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Unix milliseconds. */
  readonly unixNow: () => number;
  readonly random: () => number;
  readonly pace?: Pace;
}
