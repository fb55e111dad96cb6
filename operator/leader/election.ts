/** Leader election, wired: the Lease, whoever watches it, and what must be so before this process leads. Decides nothing. */
import type { Logger } from 'pino';
import type { KubeClient } from '../kube/client.ts';
import { createLeader, type Leader } from './leader.ts';
import type { Candidate } from './lease.ts';
import { watchStalls } from './stall-detector.ts';
import { watchLease } from './lease-watch.ts';
import type { ReflectorReport } from '../watch/reflector.ts';
import { createRelister } from '../watch/relister.ts';

/** Milliseconds for which a process that does nothing is believed to have missed nothing. */
const STALLED_AFTER = 2000;
/** Milliseconds; a kind that can not be listed at all keeps nobody from leading. */
const RELIST_WITHIN = 5000;

export interface ElectionOptions {
  readonly client: KubeClient;
  readonly candidate: Candidate;
  readonly log: Logger;
  readonly report: ReflectorReport;
  /** See `Leader`. */
  readonly lead: (epoch: number | undefined) => void;
}

export interface Election {
  readonly leader: Leader;
  /** What the watches of `watch` report to. */
  readonly report: ReflectorReport;
  /** Runs watches until the signal aborts; anew when a process that was stopped is to lead. */
  watch(run: (signal: AbortSignal) => Promise<unknown>, signal: AbortSignal): Promise<void>;
  stop(): void;
}

export function createElection({ client, candidate, log, report, lead }: ElectionOptions): Election {
  const relister = createRelister(report);
  const stalls = watchStalls(STALLED_AFTER, () => ({ monotonic: performance.now(), unix: Date.now() }));
  const leader = createLeader({
    ...{ client, candidate, lead, now: Date.now, random: Math.random },
    watch: watchLease({ client, namespace: candidate.namespace, report, random: Math.random }),
    async prepare() {
      // What was watched before may be old, and proxies may have newer by whoever led meanwhile.
      if (!stalls.stalled) return;
      log.warn('this process was stopped for a while: everything is listed anew before it may lead');
      stalls.clear();
      await relister.relist(RELIST_WITHIN);
    },
    standby: (holder) => log.info({ holder }, 'standing by: another operator leads'),
    failed: (error) => log.warn({ error: error.message }, 'the Lease could not be had'),
  });
  return { leader, report: relister, watch: (run, signal) => relister.run(run, signal), stop: () => stalls.stop() };
}
