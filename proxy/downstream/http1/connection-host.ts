import type { HttpServerSettings, TimeLimits } from '../http-server-settings.ts';

/** The listener of a connection. */
export interface ConnectionHost {
  readonly settings: HttpServerSettings;
  readonly limits: TimeLimits;
  readonly keepAliveLines: string;
  /** Every response closes its connection. */
  readonly draining: boolean;
  /** All connections are being closed. */
  readonly closed: boolean;
}
