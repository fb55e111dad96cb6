/** How many policies are ready, and which are not. */
import { Gauge, type Registry } from 'prom-client';
import type { Readiness } from '../status/status-writer.ts';

/** Values of the label `ready`, those of a condition's status. */
const NONE = { True: 0, False: 0, Unknown: 0 } satisfies Record<Readiness['ready']['status'], 0>;

/**
 * Registers the metrics. They are computed anew at each scrape, so nothing stays of a policy that has recovered or was deleted.
 *
 * @param read asked once for each scrape
 */
export function exposePolicies(registry: Registry, read: () => Iterable<Readiness>): void {
  const registers = [registry];
  new Gauge({
    name: 'outrigger_operator_policies',
    help: 'Policies, by the status of their condition Ready; 0 while another operator leads.',
    labelNames: ['ready'],
    registers,
    // A registry collects its metrics in the order of their registration: this one also fills the next.
    collect() {
      const counts = { ...NONE };
      notReady.reset();
      for (const { namespace, name, ready } of read()) {
        counts[ready.status] += 1;
        if (ready.status === 'False') notReady.set({ namespace, policy: name, reason: ready.reason }, 1);
      }
      for (const [ready, count] of Object.entries(counts)) this.set({ ready }, count);
    },
  });
  const notReady = new Gauge({
    name: 'outrigger_operator_policy_not_ready',
    help: '1 for each policy whose condition Ready is False, with its reason; no series for the others.',
    labelNames: ['namespace', 'policy', 'reason'],
    registers,
  });
}
