/** The tallies of all policies, kept up to date by what changed. Pure: no I/O, no time. */
import type { ProxyReport } from '../push/proxy-report.ts';
import type { ProxyTarget, Verdict } from '../translate/types.ts';
import { PolicyTally, type Tally } from './policy-tally.ts';
import { sameKnown, sameStanding, standingOf, type KnownProxy, type Standing } from './proxy-standing.ts';

/** What is known of all proxies, by pod UID. */
export interface KnownProxies {
  readonly targets: ReadonlyMap<string, ProxyTarget>;
  readonly reports: ReadonlyMap<string, ProxyReport>;
}

interface Policy {
  verdict: Verdict;
  readonly tally: PolicyTally;
}

interface Proxy {
  /** Absent: a policy selects it, but it is not there. */
  known: KnownProxy | undefined;
  /** The policies that select it; undefined: `known` is, so it is in no tally. */
  readonly standings: Map<Policy, Standing | undefined>;
}

const NO_PROXIES: Tally = new PolicyTally();

/**
 * A look costs one comparison per proxy. A change of a proxy costs a standing for each of its policies; a new generation, or another
 * selection, one for each proxy of the policy.
 */
export class FleetTallies {
  readonly #policies = new Map<string, Policy>();
  readonly #proxies = new Map<string, Proxy>();
  #verdicts: ReadonlyMap<string, Verdict> | undefined;

  /** Brings all tallies up to date. Inputs are immutable: the same map of verdicts has the same content. */
  update(verdicts: ReadonlyMap<string, Verdict>, fleet: KnownProxies): void {
    if (verdicts !== this.#verdicts) this.#updatePolicies(verdicts);
    this.#verdicts = verdicts;
    for (const [uid, proxy] of this.#proxies) if (!fleet.targets.has(uid)) this.#forget(uid, proxy);
    for (const [uid, target] of fleet.targets) {
      const proxy = this.#proxyOf(uid);
      const known = { target, report: fleet.reports.get(uid) };
      if (sameKnown(proxy.known, known)) continue;
      proxy.known = known;
      for (const policy of proxy.standings.keys()) place(policy, proxy);
    }
  }

  /** The tally of a policy. It changes with the next update. */
  get(key: string): Tally {
    return this.#policies.get(key)?.tally ?? NO_PROXIES;
  }

  /** What memory depends on. `pairs`: of a policy and a proxy that it selects. */
  get size(): { readonly proxies: number; readonly pairs: number } {
    const pairs = [...this.#proxies.values()].reduce((sum, { standings }) => sum + standings.size, 0);
    return { proxies: this.#proxies.size, pairs };
  }

  #updatePolicies(verdicts: ReadonlyMap<string, Verdict>): void {
    for (const [key, policy] of this.#policies) {
      if (verdicts.has(key)) continue;
      this.#policies.delete(key);
      for (const uid of policy.verdict.proxies) this.#proxies.get(uid)?.standings.delete(policy);
    }
    for (const [key, verdict] of verdicts) {
      const none = { ...verdict, proxies: [] };
      const policy = this.#policies.get(key) ?? { verdict: none, tally: new PolicyTally() };
      this.#policies.set(key, policy);
      const { verdict: before } = policy;
      policy.verdict = verdict;
      if (!sameList(before.proxies, verdict.proxies)) this.#select(policy, before.proxies);
      if (before.uid === verdict.uid && before.generation === verdict.generation) continue;
      for (const uid of verdict.proxies) place(policy, this.#proxyOf(uid));
    }
  }

  #select(policy: Policy, before: readonly string[]): void {
    const wanted = new Set(policy.verdict.proxies);
    for (const uid of before) {
      const standings = this.#proxies.get(uid)?.standings;
      if (wanted.has(uid) || standings === undefined) continue;
      const standing = standings.get(policy);
      if (standing) policy.tally.remove(standing);
      standings.delete(policy);
    }
    for (const uid of wanted) place(policy, this.#proxyOf(uid));
  }

  #forget(uid: string, proxy: Proxy): void {
    proxy.known = undefined;
    for (const policy of proxy.standings.keys()) place(policy, proxy);
    if (proxy.standings.size === 0) this.#proxies.delete(uid);
  }

  #proxyOf(uid: string): Proxy {
    const proxy = this.#proxies.get(uid) ?? { known: undefined, standings: new Map<Policy, Standing | undefined>() };
    this.#proxies.set(uid, proxy);
    return proxy;
  }
}

/** Puts the proxy where it belongs in the tally of the policy. */
function place(policy: Policy, { known, standings }: Proxy): void {
  const before = standings.get(policy);
  const after = known && standingOf(policy.verdict, known);
  if (sameStanding(before, after) && standings.has(policy)) return;
  standings.set(policy, after);
  if (before) policy.tally.remove(before);
  if (after) policy.tally.add(after);
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((uid, index) => uid === b[index]);
}
