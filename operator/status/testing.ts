/** For tests: verdicts, proxies and their reports. */
import type { ProxyReport } from '../push/proxy-report.ts';
import type { ProxyTarget, Verdict } from '../translate/types.ts';
import type { PolicyStatus } from '../api/policy.gen.ts';
import { UnhealthyCounter } from './endpoint-health.ts';
import { FleetTallies } from './fleet-tallies.ts';
import * as policyStatus from './policy-status.ts';
import { keyOf } from './proxy-standing.ts';
import type { FleetView } from './policy-status.ts';

export const NOW = Date.parse('2026-11-22T10:00:00.500Z');

export const verdict = (extra: Partial<Verdict> = {}): Verdict => ({
  namespace: 'shop',
  name: 'checkout',
  uid: 'uid-checkout',
  generation: 3,
  port: 8080,
  accepted: { status: 'True', reason: 'Accepted', message: 'The policy is valid.' },
  resolvedRefs: { status: 'True', reason: 'ResolvedRefs', message: 'All backends were found.' },
  needsEndpoints: true,
  hasFallback: false,
  idle: false,
  endpoints: { total: 3, ready: 2 },
  endpointIds: ['e1', 'e2'],
  proxies: ['p1', 'p2'],
  ...extra,
});

export const proxy = (uid: string, extra: Partial<ProxyTarget> = {}): ProxyTarget => ({
  uid,
  name: `outrigger-system/${uid}`,
  address: '10.0.0.1',
  container: 'c',
  ready: true,
  terminating: false,
  selection: 's',
  ...extra,
});

/** The report of a proxy that acknowledged a generation of shop/checkout. */
export const acked = (generation: number, extra: Partial<ProxyReport> = {}): ProxyReport => ({
  acked: { epoch: 1, sequence: 1, digest: 'd', generations: new Map([['shop/checkout', generation]]) },
  current: true,
  rejected: [],
  unhealthy: [],
  degraded: [],
  ...extra,
});

export function fleetOf(targets: readonly ProxyTarget[], reports: Record<string, ProxyReport>, termJustBegan = false): FleetView {
  const byUid = new Map(Object.entries(reports));
  const known = new Map(targets.map((target) => [target.uid, target]));
  return { targets: known, reports: byUid, unhealthy: new UnhealthyCounter().update(byUid), termJustBegan };
}

/** The status of a policy, with everything counted anew. */
export function statusOf(
  verdict: Verdict,
  fleet: FleetView,
  previous: PolicyStatus | undefined,
  now: number,
): Required<PolicyStatus> {
  const key = keyOf(verdict);
  const tallies = new FleetTallies();
  tallies.update(new Map([[key, verdict]]), fleet);
  const view = { tally: tallies.get(key), unhealthy: fleet.unhealthy.get(key), termJustBegan: fleet.termJustBegan };
  return policyStatus.statusOf(verdict, view, previous, now);
}
