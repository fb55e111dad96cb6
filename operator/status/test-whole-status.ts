/** For tests: what is known of a policy's proxies, by asking about every proxy each time. What is counted must be equal to this. */
import type { ProxyReport } from '../push/proxy-report.ts';
import type { Verdict } from '../translate/types.ts';
import type { UnhealthyVotes } from './endpoint-health.ts';
import type { KnownProxies } from './fleet-tallies.ts';
import type { PolicyView } from './policy-status.ts';
import type { Tally } from './policy-tally.ts';
import { keyOf, standingOf, type ServedBy } from './proxy-standing.ts';

export function wholeView(verdict: Verdict, fleet: KnownProxies, termJustBegan: boolean): PolicyView {
  return { tally: wholeTally(verdict, fleet), unhealthy: wholeVotes(keyOf(verdict), [...fleet.reports.values()]), termJustBegan };
}

function wholeTally(verdict: Verdict, fleet: KnownProxies): Tally {
  const selected = verdict.proxies.flatMap((uid) => {
    const target = fleet.targets.get(uid);
    return target ? [standingOf(verdict, { target, report: fleet.reports.get(uid) })] : [];
  });
  const counted = selected.filter((one) => one.counted);
  const running = counted.filter(({ runs }) => runs);
  const count = (served: ServedBy): number => running.filter((one) => one.served === served).length;
  return {
    selected: selected.length,
    running: selected.filter(({ runs }) => runs).length,
    reporting: selected.filter(({ reporting }) => reporting).length,
    counted: counted.length,
    served: {
      endpoints: count('endpoints'),
      checking: count('checking'),
      panic: count('panic'),
      fallback: count('fallback'),
      unavailable: count('unavailable'),
    },
    older: running.filter(({ served, reporting }) => served === undefined && reporting).length,
    behind: counted.filter(({ runs, refusal }) => !runs && refusal === undefined),
    refused: counted.filter(({ runs, refusal }) => !runs && refusal !== undefined),
    contacted: counted.filter(({ runs, contacted }) => !runs && contacted).length,
    notCounted: selected.filter((one) => !one.counted),
  };
}

/** Endpoint id → the proxies that report it as unhealthy in any pool of the policy, with the first evidence of each. */
function wholeVotes(policy: string, reports: readonly ProxyReport[]): ReadonlyMap<string, UnhealthyVotes> | undefined {
  const found = reports.flatMap(({ unhealthy = [] }) => {
    const mine = unhealthy.filter(({ pool }) => pool.startsWith(`${policy}/`));
    return mine.filter(({ endpoint }, i) => mine.findIndex((other) => other.endpoint === endpoint) === i);
  });
  if (found.length === 0) return undefined;
  const votes = Map.groupBy(found, ({ endpoint }) => endpoint);
  return new Map(
    [...votes].map(([endpoint, list]) => {
      const texts = list.map(
        ({ reason, check, detail }) => `${reason === 'ejected' ? 'ejected' : (check ?? 'active check')}\n${detail}`,
      );
      const evidence = new Map(texts.map((text) => [text, texts.filter((other) => other === text).length]));
      return [endpoint, { count: list.length, evidence }];
    }),
  );
}
