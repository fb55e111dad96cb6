import type { ProxyReport } from '../push/proxy-report.ts';
import { policyOf } from '../util/pool-id.ts';

/** The proxies that report an endpoint as unhealthy. */
export interface UnhealthyVotes {
  readonly count: number;
  /** What they found, by text; see `evidenceOf`. */
  readonly evidence: ReadonlyMap<string, number>;
}

/** Policy (`namespace/name`) → endpoint id → the proxies that report the endpoint as unhealthy. */
export type UnhealthyReports = ReadonlyMap<string, ReadonlyMap<string, UnhealthyVotes>>;

type Unhealthy = NonNullable<ProxyReport['unhealthy']>;

interface Votes extends UnhealthyVotes {
  count: number;
  readonly evidence: Map<string, number>;
}

const NONE: Unhealthy = [];
/** Longest evidence, in characters, that is copied from a proxy. */
const MAX_EVIDENCE = 500;

/**
 * Counts the proxies that report an endpoint as unhealthy: each once per policy and endpoint, in however many pools it has the
 * endpoint. A report that stayed the same (by identity) costs nothing.
 */
export class UnhealthyCounter {
  readonly #last = new Map<string, Unhealthy>();
  readonly #counts = new Map<string, Map<string, Votes>>();

  /** The counts for these reports, by pod UID. They change with the next update. */
  update(reports: ReadonlyMap<string, ProxyReport>): UnhealthyReports {
    for (const [uid, last] of this.#last) {
      if (reports.has(uid)) continue;
      this.#last.delete(uid);
      this.#count(last, -1);
    }
    for (const [uid, { unhealthy = NONE }] of reports) {
      const last = this.#last.get(uid) ?? NONE;
      if (unhealthy === last) continue;
      this.#last.set(uid, unhealthy);
      this.#count(last, -1);
      this.#count(unhealthy, 1);
    }
    return this.#counts;
  }

  #count(unhealthy: Unhealthy, by: 1 | -1): void {
    for (const [policy, endpoints] of byPolicy(unhealthy)) {
      const counts = this.#counts.get(policy) ?? new Map<string, Votes>();
      for (const [endpoint, evidence] of endpoints) {
        const votes = counts.get(endpoint) ?? { count: 0, evidence: new Map<string, number>() };
        votes.count += by;
        const same = (votes.evidence.get(evidence) ?? 0) + by;
        if (same === 0) votes.evidence.delete(evidence);
        else votes.evidence.set(evidence, same);
        if (votes.count === 0) counts.delete(endpoint);
        else counts.set(endpoint, votes);
      }
      if (counts.size === 0) this.#counts.delete(policy);
      else this.#counts.set(policy, counts);
    }
  }
}

/** Policy → endpoint id → evidence. */
function byPolicy(unhealthy: Unhealthy): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const all = new Map<string, Map<string, string>>();
  for (const report of unhealthy) {
    const policy = policyOf(report.pool);
    const endpoints = all.get(policy) ?? new Map<string, string>();
    if (!endpoints.has(report.endpoint)) endpoints.set(report.endpoint, evidenceOf(report));
    all.set(policy, endpoints);
  }
  return all;
}

/** What was done, a line break, and what was found: `GET /healthz\nHTTP 404, expected 200-399`. */
function evidenceOf({ check, reason, detail }: Unhealthy[number]): string {
  const done = reason === 'ejected' ? 'ejected' : (check ?? 'active check');
  const [first, found] = [done, detail].map((text) => text.replaceAll('\n', ' ').slice(0, MAX_EVIDENCE).replace(/\.$/, ''));
  return `${first}\n${found}`;
}

/** The endpoints that are healthy for a majority of the reporting proxies, and the others with the commonest evidence. */
export interface JudgedEndpoints {
  readonly healthy: number;
  /** Whether any proxy finds any endpoint of the policy unhealthy: one of these, or one that drains. */
  readonly doubted: boolean;
  /** Evidence → number of unhealthy endpoints about which most proxies say this. */
  readonly evidence: ReadonlyMap<string, number>;
}

const NO_EVIDENCE: ReadonlyMap<string, number> = new Map();

/** A tie is not a majority. While no proxy reports, all endpoints count as healthy, as they are ready for Kubernetes. */
export function judgeEndpoints(
  endpoints: readonly string[],
  reports: ReadonlyMap<string, UnhealthyVotes> | undefined,
  reporting: number,
): JudgedEndpoints {
  if (reporting === 0 || reports === undefined) return { healthy: endpoints.length, doubted: false, evidence: NO_EVIDENCE };
  const evidence = new Map<string, number>();
  let healthy = 0;
  for (const id of endpoints) {
    const votes = reports.get(id);
    if (votes === undefined || reporting - votes.count > reporting / 2) {
      healthy++;
      continue;
    }
    const [commonest = ''] = [...votes.evidence].reduce(commoner, ['', 0]);
    evidence.set(commonest, (evidence.get(commonest) ?? 0) + 1);
  }
  return { healthy, doubted: reports.size > 0, evidence };
}

type Counted = readonly [text: string, count: number];

/** The commoner of two; of equally common ones the first in the alphabet, so that the result does not depend on the order. */
export function commoner(a: Counted, b: Counted): Counted {
  return a[1] > b[1] || (a[1] === b[1] && a[0] < b[0]) ? a : b;
}
