import type { Rejected, UnhealthyEndpoint, Version } from '../../proxy/snapshot/types.ts';

/** What is known of one proxy, for status and for the gateways' Service. */
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
