/** Pods that ask for a sidecar and run without one: one Event for each, and their number. */
import type { Pod } from '../api/kubernetes.ts';
import { INJECT_LABEL, PROXY_LABEL, PROXY_SIDECAR } from '../api/labels.ts';
import type { KubeClient } from '../kube/client.ts';
import { isStatus } from '../kube/api-error.ts';
import { COLLECTIONS } from '../kube/api-paths.ts';
import type { EventRecorder } from '../kube/event-recorder.ts';
import { systemClock, type Clock } from '../util/clock.ts';
import { createCoalescer } from '../util/coalesce.ts';
import { reflect, REFLECTOR_TIMING, type ReflectorReport } from '../watch/reflector.ts';
import { createObjectCache } from '../watch/object-cache.ts';
import { hasSidecar, refusal } from './sidecar-patch.ts';

export interface UninjectedPodsOptions {
  readonly client: KubeClient;
  /** Only the leader writes Events; checked before every write. */
  readonly leading: () => boolean;
  readonly events: EventRecorder;
  /** Pods with the label of a proxy, which may come from a template. */
  readonly labelled: () => Iterable<Pod>;
  readonly report: ReflectorReport;
  /** How many there are; 0 while another operator leads. */
  readonly count: (pods: number) => void;
  /** An Event could not be written and is tried again. */
  readonly failed: (error: Error) => void;
  readonly random: () => number;
  readonly clock?: Clock;
}

export interface UninjectedPods {
  /** The Pods with the label changed, or a term has begun. */
  reconcile(): void;
  /** Watches and reports until the signal aborts. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

/** Pods that were not injected: injection sets the second label. The server selects them, and normally there are none. */
const SELECTOR = `${INJECT_LABEL}=true,${PROXY_LABEL}!=${PROXY_SIDECAR}`;
/** Milliseconds. */
const INTERVAL = 1000;
const RETRY = 10_000;

export function createUninjectedPods(options: UninjectedPodsOptions): UninjectedPods {
  return new PodReporter(options);
}

class PodReporter implements UninjectedPods {
  readonly #options: UninjectedPodsOptions;
  readonly #clock: Clock;
  readonly #reconciles;
  readonly #store = createObjectCache<Pod>(() => this.reconcile());
  /** UIDs of Pods with an Event. */
  readonly #reported = new Set<string>();
  #reporting: Promise<void> = Promise.resolve();
  #cancelRetry: (() => void) | undefined;
  #signal: AbortSignal | undefined;

  constructor(options: UninjectedPodsOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#reconciles = createCoalescer(INTERVAL, () => this.#report(), this.#clock);
  }

  reconcile(): void {
    if (this.#signal?.aborted === false) this.#reconciles.trigger();
  }

  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    const { client, report, random } = this.#options;
    const watch = { kind: 'UninjectedPod', path: COLLECTIONS.pods, query: { labelSelector: SELECTOR } };
    await reflect<Pod>({ ...watch, sink: this.#store, client, report, random, signal, timing: REFLECTOR_TIMING });
    this.#reconciles.stop();
    this.#cancelRetry?.();
    await this.#reporting;
  }

  /** Rounds run one after the other, so that no Event is written twice. */
  #report(): void {
    const pods = this.#find();
    this.#options.count(this.#options.leading() ? pods.length : 0);
    const present = new Set(pods.map(({ metadata }) => metadata.uid));
    for (const uid of this.#reported) if (!present.has(uid)) this.#reported.delete(uid);
    this.#reporting = this.#reporting.then(() => this.#write(pods)).catch((error: unknown) => this.#retry(error as Error));
  }

  #find(): readonly Pod[] {
    const labelled = [...this.#options.labelled()].filter(({ metadata }) => metadata.labels?.[INJECT_LABEL] === 'true');
    return [...this.#store.view().values(), ...labelled].filter((pod) => runs(pod) && !hasSidecar(pod));
  }

  async #write(pods: readonly Pod[]): Promise<void> {
    for (const pod of pods) {
      const { uid } = pod.metadata;
      if (this.#reported.has(uid)) continue;
      if (!this.#options.leading() || this.#signal?.aborted !== false) return;
      await this.#record(pod, this.#signal);
      this.#reported.add(uid);
    }
  }

  /** The name of the Event is fixed, so that one by the operator that led before is a conflict: it has been written. */
  async #record(pod: Pod, signal: AbortSignal): Promise<void> {
    const { name, namespace = '', uid, resourceVersion } = pod.metadata;
    const regarding = { apiVersion: 'v1', kind: 'Pod', namespace, name, uid, resourceVersion };
    const event = { type: 'Warning', reason: 'SidecarNotInjected', note: explain(pod) } as const;
    await this.#options.events.record(regarding, event, signal, `no-sidecar-${uid}`).catch((error: unknown) => {
      if (!isStatus(error, 409)) throw error;
    });
  }

  #retry(error: Error): void {
    if (this.#signal?.aborted !== false) return;
    this.#options.failed(error);
    this.#cancelRetry?.();
    this.#cancelRetry = this.#clock.after(RETRY, () => this.reconcile());
  }
}

function runs({ metadata, status }: Pod): boolean {
  return metadata.deletionTimestamp === undefined && status?.phase !== 'Succeeded' && status?.phase !== 'Failed';
}

function explain(pod: Pod): string {
  const refused = refusal(pod);
  if (refused !== undefined) return `The Pod asks for a sidecar and runs without one: ${refused}.`;
  return 'The Pod asks for a sidecar and runs without one: it was created while the webhook could not be reached, or is in a namespace that it leaves out. Delete the Pod, so that its controller creates it again.';
}
