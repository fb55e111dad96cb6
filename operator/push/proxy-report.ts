import type { DegradedPolicy, Rejected, UnhealthyEndpoint, Version } from '../../proxy/snapshot/types.ts';

/** What is known of one proxy, for status and for the gateways' Service. */
export interface ProxyReport {
  /** The last acknowledged snapshot; absent before the first. */
  readonly acked?: Version & {
    readonly digest: string;
    /** Policies in it (`namespace/name`) and their generations. */
    readonly generations: ReadonlyMap<string, number>;
    /** Their UIDs, where known. */
    readonly uids?: ReadonlyMap<string, string>;
  };
  /** Whether `acked` is the desired content of this proxy. */
  readonly current: boolean;
  readonly rejected: readonly Rejected[];
  /** From the last status answer; undefined before the first. */
  readonly unhealthy: readonly UnhealthyEndpoint[] | undefined;
  /** From the last answer of either kind; undefined: there was none, or the proxy is older and does not report it. */
  readonly degraded: readonly DegradedPolicy[] | undefined;
  /** Why the last push or status query failed; absent when it did not. */
  readonly error?: string;
}

/**
 * Whether two reports of a proxy say the same, the UIDs aside. Lists are compared by identity, which takes no time: `ProxyState` keeps
 * its list when an answer has an equal one.
 */
export function sameReport(a: ProxyReport, b: ProxyReport): boolean {
  return (
    a.acked?.epoch === b.acked?.epoch &&
    a.acked?.sequence === b.acked?.sequence &&
    a.acked?.digest === b.acked?.digest &&
    a.current === b.current &&
    a.rejected === b.rejected &&
    a.unhealthy === b.unhealthy &&
    a.degraded === b.degraded &&
    a.error === b.error
  );
}
