/** Pods that ask for a sidecar and run without one: one Event for each, and their number. */
import type { Pod } from '../api/kubernetes.ts';
import { INJECT_LABEL, PROXY_LABEL, PROXY_SIDECAR } from '../api/labels.ts';
import type { KubeClient } from '../kube/client.ts';
import { COLLECTIONS } from '../kube/api-paths.ts';
import { createFindingReporter, type Finding, type FindingReporterOptions } from '../kube/finding-reporter.ts';
import { reflect, REFLECTOR_TIMING, type ReflectorReport } from '../watch/reflector.ts';
import { createObjectCache } from '../watch/object-cache.ts';
import { hasSidecar, refusal } from './sidecar-patch.ts';

export interface UninjectedPodsOptions extends Omit<FindingReporterOptions, 'find'> {
  readonly client: KubeClient;
  /** Pods with the label of a proxy, which may come from a template. */
  readonly labelled: () => Iterable<Pod>;
  readonly report: ReflectorReport;
  /** How many there are; 0 while another operator leads. */
  readonly count: (pods: number) => void;
  readonly random: () => number;
}

export interface UninjectedPods {
  /** The Pods with the label changed, or a term has begun. */
  reconcile(): void;
  /** Watches and reports until the signal aborts. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

/** Pods that were not injected: injection sets the second label. The server selects them, and normally there are none. */
const SELECTOR = `${INJECT_LABEL}=true,${PROXY_LABEL}!=${PROXY_SIDECAR}`;

export function createUninjectedPods(options: UninjectedPodsOptions): UninjectedPods {
  const { client, report, random, leading, count, labelled } = options;
  const store = createObjectCache<Pod>(() => reporter.reconcile());
  const find = (): readonly Finding[] => {
    const candidates = [...labelled()].filter(({ metadata }) => metadata.labels?.[INJECT_LABEL] === 'true');
    const pods = [...store.view().values(), ...candidates].filter((pod) => runs(pod) && !hasSidecar(pod));
    count(leading() ? pods.length : 0);
    return pods.map(findingOf);
  };
  const reporter = createFindingReporter({ ...options, find });
  return {
    reconcile: () => reporter.reconcile(),
    async run(signal) {
      const watch = { kind: 'UninjectedPod', path: COLLECTIONS.pods, query: { labelSelector: SELECTOR } };
      await reflect<Pod>({ ...watch, sink: store, client, report, random, signal, timing: REFLECTOR_TIMING });
      await reporter.stop();
    },
  };
}

function findingOf(pod: Pod): Finding {
  const { name, namespace = '', uid, resourceVersion } = pod.metadata;
  return {
    id: `no-sidecar-${uid}`,
    regarding: { apiVersion: 'v1', kind: 'Pod', namespace, name, uid, resourceVersion },
    event: { type: 'Warning', reason: 'SidecarNotInjected', note: explain(pod) },
  };
}

function runs({ metadata, status }: Pod): boolean {
  return metadata.deletionTimestamp === undefined && status?.phase !== 'Succeeded' && status?.phase !== 'Failed';
}

function explain(pod: Pod): string {
  const refused = refusal(pod);
  if (refused !== undefined) return `The Pod asks for a sidecar and runs without one: ${refused}.`;
  return 'The Pod asks for a sidecar and runs without one: it was created while the webhook could not be reached, or is in a namespace that it leaves out. Delete the Pod, so that its controller creates it again.';
}
