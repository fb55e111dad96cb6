/** Leader election, connected to the API server: the Lease, its watch, and what must be true before this process leads. */
import type { Logger } from 'pino';
import type { KubeClient } from '../kube/client.ts';
import type { ReflectorReport } from '../watch/reflector.ts';
import { createRelister } from '../watch/relister.ts';
import { createLeader, type Leader } from './leader.ts';
import { watchLease } from './lease-watch.ts';
import type { Candidate } from './lease.ts';
import { createStallDetector } from './stall-detector.ts';

/** Milliseconds: a process that was stopped for no longer has missed nothing that matters. */
const STALLED_AFTER = 2000;
/** Milliseconds; a kind that cannot be listed at all does not block leadership for longer. */
const RELIST_WITHIN = 5000;

export interface ElectionOptions {
  readonly client: KubeClient;
  readonly candidate: Candidate;
  readonly log: Logger;
  readonly report: ReflectorReport;
  /** See `LeaderOptions`. */
  readonly leadershipChanged: (epoch: number | undefined) => void;
}

export interface Election {
  readonly leader: Leader;
  /** What the watches of `watch` report to. */
  readonly report: ReflectorReport;
  /** Runs watches until the signal aborts; from the beginning again when a process that was stopped is about to lead. */
  watch(run: (signal: AbortSignal) => Promise<unknown>, signal: AbortSignal): Promise<void>;
  stop(): void;
}

export function createElection({ client, candidate, log, report, leadershipChanged }: ElectionOptions): Election {
  const relister = createRelister(report);
  const stalls = createStallDetector(STALLED_AFTER, () => ({ monotonic: performance.now(), unix: Date.now() }));
  const leader = createLeader({
    ...{ client, candidate, leadershipChanged, now: Date.now, random: Math.random },
    watch: watchLease({ client, namespace: candidate.namespace, report, random: Math.random }),
    async prepare() {
      // The caches may be old, and proxies may have newer state from the operator that led meanwhile.
      if (!stalls.stalled) return;
      log.warn('this process was stopped for a while: it lists everything again before it leads');
      stalls.clear();
      await relister.relist(RELIST_WITHIN);
    },
    standby: (holder) => log.info({ holder }, 'standing by: another operator leads'),
    failed: (error) => log.warn({ error: error.message }, 'the Lease could not be acquired or renewed'),
  });
  return { leader, report: relister, watch: (run, signal) => relister.run(run, signal), stop: () => stalls.stop() };
}
