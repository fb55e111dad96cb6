import type { LoadBalancerPolicy, PolicyStatus } from '../api/policy.gen.ts';
import type { KubeClient } from '../kube/client.ts';
import { isStatus } from '../kube/api-error.ts';
import { POLICY_API_VERSION, policyStatusPath } from '../kube/api-paths.ts';
import { createEventRecorder, type EventRecorder } from '../kube/event-recorder.ts';
import type { Verdict } from '../translate/types.ts';
import { backOff, type BackOffLimits } from '../util/backoff.ts';
import { systemClock, type Clock } from '../util/clock.ts';
import { sameConditions, sameCounts } from './status-comparison.ts';
import { statusOf, type FleetView } from './policy-status.ts';
import { transitions } from './transitions.ts';

/** What all statuses follow from. */
export interface StatusWish {
  readonly policies: ReadonlyMap<string, LoadBalancerPolicy>;
  readonly verdicts: ReadonlyMap<string, Verdict>;
  readonly fleet: FleetView;
}

export interface StatusWriter {
  /** The newest wish replaces the one before it; what differs from the policies' status is written. */
  want(wish: StatusWish): void;
  /** Cuts what is under way and writes nothing more. */
  stop(): Promise<void>;
}

export interface StatusTiming {
  /** Milliseconds between two writes of one policy for the sake of counts. */
  readonly counts: number;
  readonly retry: BackOffLimits;
  /** Writes at one time. */
  readonly concurrency: number;
}

export const STATUS_TIMING: StatusTiming = { counts: 10_000, retry: { base: 500, max: 30_000 }, concurrency: 4 };

export interface StatusWriterOptions {
  readonly client: Pick<KubeClient, 'call'>;
  /** Whether the Lease is held: asked before every write. */
  readonly leading: () => boolean;
  /** Name of this operator in Events. */
  readonly instance: string;
  /** A write failed and is tried again. */
  readonly failed: (policy: string, error: Error) => void;
  readonly random: () => number;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly clock?: Clock;
  readonly timing?: StatusTiming;
}

/** What is remembered of one policy; a policy that is made anew under its name begins afresh. */
interface Entry {
  readonly uid: string;
  busy: boolean;
  failures: number;
  /** Monotonic ms. */
  notBefore: number;
  countsNotBefore: number;
  /** Until when Events are spent ahead, in monotonic ms: see `mayTell`. */
  eventsSpent: number;
  /** What the last write made of the policy: it counts until the watch has caught up with it. */
  written: { readonly basedOn: string; readonly resourceVersion: string; readonly status: PolicyStatus } | undefined;
}

interface Plan {
  readonly policy: LoadBalancerPolicy;
  readonly previous: PolicyStatus | undefined;
  readonly status: Required<PolicyStatus>;
  /** Monotonic ms at which it may be written. */
  readonly due: number;
}

const FIELD_MANAGER = 'outrigger-operator';
const WRITE_TIMEOUT = 10_000;
const EVENT_EVERY = 300_000;
const EVENT_BURST = 25;

/** Writes statuses by server-side apply: only what changed, conditions at once, counts at their pace. */
export function createStatusWriter(options: StatusWriterOptions): StatusWriter {
  return new ApplyingWriter(options);
}

class ApplyingWriter implements StatusWriter {
  readonly #options: StatusWriterOptions;
  readonly #clock: Clock;
  readonly #timing: StatusTiming;
  readonly #events: EventRecorder;
  readonly #entries = new Map<string, Entry>();
  readonly #queue = new Set<string>();
  readonly #running = new Set<Promise<void>>();
  readonly #stopped = new AbortController();
  #wish: StatusWish | undefined;
  #led = false;
  #wake: { readonly at: number; readonly cancel: () => void } | undefined;

  constructor(options: StatusWriterOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#timing = options.timing ?? STATUS_TIMING;
    this.#events = createEventRecorder(options);
  }

  want(wish: StatusWish): void {
    this.#wish = wish;
    for (const [key, { uid }] of this.#entries) if (wish.verdicts.get(key)?.uid !== uid) this.#entries.delete(key);
    this.#considerAll();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#wake?.cancel();
    await Promise.all(this.#running);
  }

  #considerAll(): void {
    this.#beginTerm();
    this.#wake?.cancel();
    this.#wake = undefined;
    for (const key of this.#wish?.verdicts.keys() ?? []) this.#consider(key);
    this.#drain();
  }

  /** Whoever led meanwhile may have written, and asked the proxies, whom we have not asked yet: counts wait as after a start. */
  #beginTerm(): void {
    const leading = this.#options.leading();
    if (leading && !this.#led) {
      const countsNotBefore = this.#clock.now() + this.#timing.counts;
      for (const entry of this.#entries.values()) Object.assign(entry, { written: undefined, countsNotBefore });
    }
    this.#led = leading;
  }

  /** Queues the policy, or sees to it that it is looked at again when it may be written. */
  #consider(key: string): void {
    const plan = this.#plan(key);
    if (plan === undefined) return;
    if (plan.due <= this.#clock.now()) this.#queue.add(key);
    else this.#wakeAt(plan.due);
  }

  #wakeAt(at: number): void {
    if (this.#wake !== undefined && this.#wake.at <= at) return;
    this.#wake?.cancel();
    this.#wake = { at, cancel: this.#clock.after(at - this.#clock.now(), () => this.#considerAll()) };
  }

  #drain(): void {
    for (const key of this.#queue) {
      if (this.#running.size >= this.#timing.concurrency) return;
      this.#queue.delete(key);
      const plan = this.#plan(key);
      const entry = this.#entries.get(key);
      if (plan === undefined || entry === undefined) continue;
      const task = this.#write(key, entry, plan).finally(() => {
        this.#running.delete(task);
        this.#consider(key);
        this.#drain();
      });
      this.#running.add(task);
    }
  }

  /** What is to be written for a policy; undefined when nothing is, or nothing may be. */
  #plan(key: string): Plan | undefined {
    const policy = this.#wish?.policies.get(key);
    const verdict = this.#wish?.verdicts.get(key);
    if (this.#wish === undefined || policy === undefined || policy.metadata.uid !== verdict?.uid) return undefined;
    const entry = this.#entryOf(key, verdict.uid);
    if (entry.busy || this.#stopped.signal.aborted || !this.#options.leading()) return undefined;
    const previous = caughtUp(entry, policy) ? policy.status : entry.written?.status;
    const status = statusOf(verdict, this.#wish.fleet, previous, this.#options.now());
    if (!sameConditions(previous, status)) return { policy, previous, status, due: entry.notBefore };
    if (sameCounts(previous, status)) return undefined;
    return { policy, previous, status, due: Math.max(entry.notBefore, entry.countsNotBefore) };
  }

  #entryOf(key: string, uid: string): Entry {
    const known = this.#entries.get(key);
    if (known?.uid === uid) return known;
    // Counts wait at first, too: an operator that has just started has asked no proxy yet.
    const countsNotBefore = this.#clock.now() + this.#timing.counts;
    const entry: Entry = { uid, busy: false, failures: 0, notBefore: 0, countsNotBefore, eventsSpent: 0, written: undefined };
    this.#entries.set(key, entry);
    return entry;
  }

  async #write(key: string, entry: Entry, plan: Plan): Promise<void> {
    entry.busy = true;
    try {
      const answer = await this.#apply(plan);
      const basedOn = plan.policy.metadata.resourceVersion;
      entry.written = { basedOn, resourceVersion: answer.metadata.resourceVersion, status: plan.status };
      entry.failures = 0;
      entry.countsNotBefore = this.#clock.now() + this.#timing.counts;
      await this.#tell(key, entry, plan);
    } catch (error) {
      entry.failures += 1;
      entry.notBefore = this.#clock.now() + backOff(entry.failures, this.#timing.retry, this.#options.random);
      // Deleted or changed meanwhile: the watch will say so.
      const expected = this.#stopped.signal.aborted || isStatus(error, 404) || isStatus(error, 409);
      if (!expected) this.#options.failed(key, error as Error);
    } finally {
      entry.busy = false;
    }
  }

  #apply({ policy, status }: Plan): Promise<LoadBalancerPolicy> {
    const { namespace = '', name } = policy.metadata;
    return this.#options.client.call<LoadBalancerPolicy>({
      method: 'PATCH',
      path: policyStatusPath(namespace, name),
      query: { fieldManager: FIELD_MANAGER, force: 'true' },
      contentType: 'application/apply-patch+yaml',
      body: { apiVersion: POLICY_API_VERSION, kind: 'LoadBalancerPolicy', metadata: { name, namespace }, status },
      signal: this.#stopped.signal,
      timeout: WRITE_TIMEOUT,
    });
  }

  /** Events are a courtesy: one that is lost is not sent again. */
  async #tell(key: string, entry: Entry, { policy, previous, status }: Plan): Promise<void> {
    for (const transition of transitions(previous, status)) {
      if (!mayTell(entry, this.#clock.now())) return;
      const { name, namespace = '', uid, resourceVersion } = policy.metadata;
      const regarding = { apiVersion: POLICY_API_VERSION, kind: 'LoadBalancerPolicy', namespace, name, uid, resourceVersion };
      await this.#events.record(regarding, transition, this.#stopped.signal).catch((error: unknown) => {
        if (!this.#stopped.signal.aborted) this.#options.failed(key, error as Error);
      });
    }
  }
}

/** As Kubernetes' own controllers: a burst of 25 Events about one object, then one every five minutes, so that none floods the cluster. */
function mayTell(entry: Entry, now: number): boolean {
  const spent = Math.max(entry.eventsSpent, now) + EVENT_EVERY;
  if (spent - now > EVENT_BURST * EVENT_EVERY) return false;
  entry.eventsSpent = spent;
  return true;
}

/** Whether the cache shows the policy as our last write left it, or newer. Versions are decimal numbers of any length. */
function caughtUp({ written }: Entry, { metadata }: LoadBalancerPolicy): boolean {
  const theirs = metadata.resourceVersion;
  if (written === undefined) return true;
  // Comparing is not enough: versions may begin anew under an API server that was restored.
  if (theirs === written.basedOn) return false;
  const ours = written.resourceVersion;
  return theirs.length > ours.length || (theirs.length === ours.length && theirs >= ours);
}
