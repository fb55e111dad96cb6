import type { Condition, LoadBalancerPolicy, PolicyStatus } from '../api/policy.gen.ts';
import type { KubeClient } from '../kube/client.ts';
import { isStatus } from '../kube/api-error.ts';
import { POLICY_API_VERSION } from '../kube/api-paths.ts';
import { createEventRecorder, type EventRecorder } from '../kube/event-recorder.ts';
import type { Inventory, Verdict } from '../translate/types.ts';
import { backOff } from '../util/backoff.ts';
import { systemClock, type Clock } from '../util/clock.ts';
import { applyStatus } from './apply-status.ts';
import { sameConditions, sameDetails } from './status-comparison.ts';
import { EventRateLimit } from './event-rate-limit.ts';
import { FleetTallies } from './fleet-tallies.ts';
import { latestStatus, type WrittenStatus } from './latest-status.ts';
import { statusOf, type FleetView } from './policy-status.ts';
import { STATUS_TIMING, type StatusTiming } from './status-timing.ts';
import { transitions } from './transitions.ts';

/** The input from which all statuses are computed. */
export interface DesiredStatus {
  readonly policies: ReadonlyMap<string, LoadBalancerPolicy>;
  readonly verdicts: ReadonlyMap<string, Verdict>;
  readonly fleet: FleetView;
  /** Names of the namespaces that are being deleted: their policies keep the status that they have. */
  readonly terminatingNamespaces: Inventory['terminatingNamespaces'];
}

/** Whether a policy can answer its requests, as of now. */
export interface Readiness {
  readonly namespace: string;
  readonly name: string;
  /** The condition `Ready`, whether it has been written or not. */
  readonly ready: Condition;
}

export interface StatusWriter {
  /** Replaces the previous input. Statuses that differ from those on the policies are written. */
  setDesired(desired: DesiredStatus): void;
  /** One for each policy; none unless leading. Computed as they are read, and changes nothing. */
  readiness(): Iterable<Readiness>;
  /** Aborts writes in progress, and writes nothing more. */
  stop(): Promise<void>;
}

export interface StatusWriterOptions {
  readonly client: Pick<KubeClient, 'call'>;
  /** Whether the Lease is held: checked before every write. */
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

/** State of one policy. A policy that is recreated under its name gets a new one. */
interface Entry {
  readonly uid: string;
  busy: boolean;
  failures: number;
  /** Monotonic ms. */
  notBefore: number;
  countsNotBefore: number;
  readonly events: EventRateLimit;
  written: WrittenStatus | undefined;
}

interface Comparison {
  readonly policy: LoadBalancerPolicy;
  readonly previous: PolicyStatus | undefined;
  readonly status: Required<PolicyStatus>;
}

interface Plan extends Comparison {
  /** Monotonic ms at which it may be written. */
  readonly due: number;
}

/** Writes statuses by server-side apply: only those that changed; status and reason of conditions at once, the rest at intervals. */
export function createStatusWriter(options: StatusWriterOptions): StatusWriter {
  return new StatusApplier(options);
}

class StatusApplier implements StatusWriter {
  readonly #options: StatusWriterOptions;
  readonly #clock: Clock;
  readonly #timing: StatusTiming;
  readonly #events: EventRecorder;
  readonly #entries = new Map<string, Entry>();
  readonly #queue = new Set<string>();
  readonly #running = new Set<Promise<void>>();
  readonly #stopped = new AbortController();
  readonly #tallies = new FleetTallies();
  readonly #terminates = (namespace: string): boolean => this.#desired?.terminatingNamespaces.has(namespace) === true;
  #desired: DesiredStatus | undefined;
  #wasLeading = false;
  #wake: { readonly at: number; readonly cancel: () => void } | undefined;

  constructor(options: StatusWriterOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#timing = options.timing ?? STATUS_TIMING;
    this.#events = createEventRecorder({ ...options, terminating: this.#terminates });
  }

  setDesired(desired: DesiredStatus): void {
    this.#desired = desired;
    this.#tallies.update(desired.verdicts, desired.fleet);
    for (const [key, { uid }] of this.#entries) {
      const verdict = desired.verdicts.get(key);
      if (verdict?.uid !== uid || this.#terminates(verdict.namespace)) this.#entries.delete(key);
    }
    this.#considerAll();
  }

  *readiness(): Iterable<Readiness> {
    if (!this.#options.leading()) return;
    for (const [key, { namespace, name }] of this.#desired?.verdicts ?? []) {
      const ready = this.#compare(key)?.status.conditions.find(({ type }) => type === 'Ready');
      if (ready !== undefined) yield { namespace, name, ready };
    }
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#wake?.cancel();
    await Promise.all(this.#running);
  }

  #considerAll(): void {
    this.#checkTerm();
    this.#wake?.cancel();
    this.#wake = undefined;
    for (const key of this.#desired?.verdicts.keys() ?? []) this.#consider(key);
    this.#drain();
  }

  /** Another leader may have written meanwhile, and had contact with the proxies, which this one has not yet: counts wait as after a start. */
  #checkTerm(): void {
    const leading = this.#options.leading();
    if (leading && !this.#wasLeading) {
      const countsNotBefore = this.#clock.now() + this.#timing.counts;
      for (const entry of this.#entries.values()) Object.assign(entry, { written: undefined, countsNotBefore });
    }
    this.#wasLeading = leading;
  }

  /** Queues the policy, or sets a timer for when it may be written. */
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

  /** What to write for a policy; undefined when nothing differs, or nothing may be written now. */
  #plan(key: string): Plan | undefined {
    const uid = this.#desired?.verdicts.get(key)?.uid;
    if (uid === undefined) return undefined;
    const entry = this.#entryOf(key, uid);
    if (entry.busy || this.#stopped.signal.aborted || !this.#options.leading()) return undefined;
    const compared = this.#compare(key);
    if (compared === undefined) return undefined;
    const { previous, status } = compared;
    if (!sameConditions(previous, status)) return { ...compared, due: entry.notBefore };
    if (sameDetails(previous, status)) return undefined;
    return { ...compared, due: Math.max(entry.notBefore, entry.countsNotBefore) };
  }

  /** The status of a policy as it is, and as it should be; undefined: the verdict is on another one of this name, or it is left alone. */
  #compare(key: string): Comparison | undefined {
    const policy = this.#desired?.policies.get(key);
    const verdict = this.#desired?.verdicts.get(key);
    if (this.#desired === undefined || policy === undefined || policy.metadata.uid !== verdict?.uid) return undefined;
    if (this.#terminates(verdict.namespace)) return undefined;
    const previous = latestStatus(policy, this.#entries.get(key)?.written);
    const { unhealthy, termJustBegan } = this.#desired.fleet;
    const view = { tally: this.#tallies.get(key), unhealthy: unhealthy.get(key), termJustBegan };
    return { policy, previous, status: statusOf(verdict, view, previous, this.#options.now()) };
  }

  #entryOf(key: string, uid: string): Entry {
    const known = this.#entries.get(key);
    if (known?.uid === uid) return known;
    // After a start counts wait, too: no proxy has been contacted yet.
    const countsNotBefore = this.#clock.now() + this.#timing.counts;
    const entry: Entry = {
      uid,
      busy: false,
      failures: 0,
      notBefore: 0,
      countsNotBefore,
      events: new EventRateLimit(),
      written: undefined,
    };
    this.#entries.set(key, entry);
    return entry;
  }

  async #write(key: string, entry: Entry, plan: Plan): Promise<void> {
    entry.busy = true;
    try {
      const answer = await applyStatus(this.#options.client, plan.policy, plan.status, this.#stopped.signal);
      const basedOn = plan.policy.metadata.resourceVersion;
      entry.written = { basedOn, resourceVersion: answer.metadata.resourceVersion, status: plan.status };
      entry.failures = 0;
      entry.countsNotBefore = this.#clock.now() + this.#timing.counts;
      await this.#recordEvents(key, entry, plan);
    } catch (error) {
      entry.failures += 1;
      entry.notBefore = this.#clock.now() + backOff(entry.failures, this.#timing.retry, this.#options.random);
      // Deleted or changed meanwhile: the watch brings that.
      const expected = this.#stopped.signal.aborted || isStatus(error, 404) || isStatus(error, 409);
      if (!expected) this.#options.failed(key, error as Error);
    } finally {
      entry.busy = false;
    }
  }

  /** Best effort: an Event that is lost is not sent again. */
  async #recordEvents(key: string, entry: Entry, { policy, previous, status }: Plan): Promise<void> {
    for (const transition of transitions(previous, status)) {
      if (!entry.events.allow(this.#clock.now())) return;
      const { name, namespace = '', uid, resourceVersion } = policy.metadata;
      const regarding = { apiVersion: POLICY_API_VERSION, kind: 'LoadBalancerPolicy', namespace, name, uid, resourceVersion };
      await this.#events.record(regarding, transition, this.#stopped.signal).catch((error: unknown) => {
        if (!this.#stopped.signal.aborted) this.#options.failed(key, error as Error);
      });
    }
  }
}
