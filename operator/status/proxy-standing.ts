/** What one policy needs to know of one proxy that it selects. Pure. */
import type { DegradedPolicy } from '../../proxy/snapshot/types.ts';
import type { ProxyReport } from '../push/proxy-report.ts';
import type { ProxyTarget, Verdict } from '../translate/types.ts';

/** A proxy, and what is known of it. */
export interface KnownProxy {
  readonly target: ProxyTarget;
  /** Absent when the fleet does not know the proxy yet. */
  readonly report: ProxyReport | undefined;
}

/** What answers the requests of a policy at one proxy. */
export type ServedBy = 'endpoints' | DegradedPolicy['state'];

/** How a proxy stands to a policy. */
export interface Standing {
  /** `namespace/name` of the pod. */
  readonly name: string;
  /** It is Ready and not terminating: the condition `Programmed` depends on it. */
  readonly counted: boolean;
  readonly terminating: boolean;
  /** Its known error. */
  readonly why: string | undefined;
  /** It has answered, or is known to fail. */
  readonly contacted: boolean;
  /** It reports which endpoints are unhealthy. */
  readonly reporting: boolean;
  /** See ServedBy; undefined: not known, or an older proxy, which does not report it. */
  readonly served: ServedBy | undefined;
  /** It runs exactly this generation of the policy, all of it. */
  readonly runs: boolean;
  /** Why it rejected this generation, without a full stop. A rejection of an older one does not count. */
  readonly refusal: string | undefined;
}

/** Longest explanation, in characters, that is copied from a proxy. */
const MAX_REASON = 500;

export const keyOf = ({ namespace, name }: Pick<Verdict, 'namespace' | 'name'>): string => `${namespace}/${name}`;

/**
 * What counts is what the proxy acknowledged, not whether that is its newest content: a change of endpoints alone does not change
 * anything here.
 */
export function standingOf(verdict: Verdict, { target, report }: KnownProxy): Standing {
  const has = report !== undefined && hasGeneration(verdict, report);
  const rejected = has ? report.rejected.find(({ policy }) => policy === keyOf(verdict)) : undefined;
  return {
    name: target.name,
    counted: target.ready && !target.terminating,
    terminating: target.terminating,
    why: (target.trouble ?? report?.error)?.slice(0, MAX_REASON),
    contacted: report !== undefined && (report.acked !== undefined || report.error !== undefined),
    reporting: report?.unhealthy !== undefined,
    served: servedBy(keyOf(verdict), report?.degraded),
    runs: has && rejected === undefined,
    refusal: rejected?.reason.slice(0, MAX_REASON).replace(/\.$/, ''),
  };
}

const indexes = new WeakMap<readonly DegradedPolicy[], ReadonlyMap<string, DegradedPolicy['state']>>();

/** A report is asked about once per policy, so each is indexed once. */
function servedBy(policy: string, degraded: readonly DegradedPolicy[] | undefined): ServedBy | undefined {
  if (degraded === undefined) return undefined;
  let index = indexes.get(degraded);
  if (index === undefined) {
    index = new Map(degraded.map(({ policy, state }) => [policy, state]));
    indexes.set(degraded, index);
  }
  return index.get(policy) ?? 'endpoints';
}

/** Whether the acknowledged snapshot contains this generation of this policy (same UID). */
function hasGeneration(verdict: Verdict, { acked }: ProxyReport): boolean {
  const uid = acked?.uids?.get(keyOf(verdict)) ?? verdict.uid;
  return acked?.generations.get(keyOf(verdict)) === verdict.generation && uid === verdict.uid;
}

export function sameStanding(a: Standing | undefined, b: Standing | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (
    a.name === b.name &&
    a.counted === b.counted &&
    a.terminating === b.terminating &&
    a.why === b.why &&
    a.contacted === b.contacted &&
    a.reporting === b.reporting &&
    a.served === b.served &&
    a.runs === b.runs &&
    a.refusal === b.refusal
  );
}

/** Whether every standing of the proxy is certainly the same as before. Maps and lists are compared by identity. */
export function sameKnown(a: KnownProxy | undefined, b: KnownProxy): boolean {
  if (a === undefined) return false;
  const [before, after] = [a.report, b.report];
  return (
    a.target.name === b.target.name &&
    a.target.ready === b.target.ready &&
    a.target.terminating === b.target.terminating &&
    a.target.trouble === b.target.trouble &&
    before?.acked?.generations === after?.acked?.generations &&
    before?.acked?.uids === after?.acked?.uids &&
    before?.error === after?.error &&
    before?.degraded === after?.degraded &&
    (before?.unhealthy === undefined) === (after?.unhealthy === undefined) &&
    (before?.rejected === after?.rejected || (before?.rejected.length === 0 && after?.rejected.length === 0))
  );
}
