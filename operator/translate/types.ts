/** Input (Inventory) and output (Translation) of translation: plain values. */
import type { EndpointSlice, Pod, PodMetadata, Service } from '../api/kubernetes.ts';
import type { LoadBalancerPolicy } from '../api/policy.gen.ts';
import type { Location } from '../../proxy/snapshot/location.ts';
import type { Listener, PoolPart, PoolRef } from '../../proxy/snapshot/types.ts';
import type { Allowed } from './gateway-allowance.ts';

/** Everything the operator has listed and watched, keyed `namespace/name` unless said otherwise. Immutable: a change makes a new object. */
export interface Inventory {
  readonly policies: ReadonlyMap<string, LoadBalancerPolicy>;
  readonly services: ReadonlyMap<string, Service>;
  readonly endpointSlices: ReadonlyMap<string, EndpointSlice>;
  /** Pods that carry one of our annotations, metadata only. */
  readonly annotatedPods: ReadonlyMap<string, PodMetadata>;
  /** Pods with the label `outrigger.dev/proxy`, whole. */
  readonly proxyPods: ReadonlyMap<string, Pod>;
  /** Name of each Node that is in a zone → its zone. */
  readonly nodeZones: ReadonlyMap<string, string>;
  /** Name of each namespace that is being deleted → since when. Nothing can be created in it, so nothing is said about its objects. */
  readonly terminatingNamespaces: ReadonlyMap<string, string>;
}

/** Settings that translation needs besides the inventory. */
export interface TranslateSettings {
  /** The operator's own namespace: only gateways there count. */
  readonly namespace: string;
  /** What each namespace may use of the gateways; absent: everything. The same object while it does not change. */
  readonly allowed?: Allowed;
}

/** Id of a pool → the names of the slice ports by which its Service port was found. */
export type PortNames = ReadonlyMap<string, readonly string[]>;

export interface Translation {
  /** Contents by selection key: proxies that the same policies select share one entry. */
  readonly contents: ReadonlyMap<string, SnapshotContent>;
  /** Every proxy pod that may be pushed to. */
  readonly proxies: readonly ProxyTarget[];
  /** One per policy, keyed `namespace/name`, whether it is accepted or not. */
  readonly verdicts: ReadonlyMap<string, Verdict>;
  /** For the next translation: what the objects alone do not tell while a Service port is renamed. */
  readonly portNames: PortNames;
}

/** A snapshot without what the push adds: version and trusted keys. */
export interface SnapshotContent {
  readonly listeners: readonly Listener[];
  readonly pools: readonly PoolRef[];
  /** Every part of `pools`, by digest. */
  readonly parts: ReadonlyMap<string, PoolPart>;
  /** `namespace/name` of each policy in it → its generation. */
  readonly generations: ReadonlyMap<string, number>;
  /** `namespace/name` → its UID, since generations restart when a policy is recreated under its name. */
  readonly uids?: ReadonlyMap<string, string>;
}

export interface ProxyTarget {
  readonly uid: string;
  /** `namespace/name` of the pod. */
  readonly name: string;
  readonly address: string;
  /** The pod's Node, and its zone; absent: neither is known. */
  readonly location?: Location;
  /** Changes when the container restarts: push again at once. */
  readonly container: string;
  readonly ready: boolean;
  readonly terminating: boolean;
  /** Why its container does not run, from the kubelet: `CrashLoopBackOff, last exit code 1`; for statuses also that it is starting. */
  readonly trouble?: string;
  /**
   * Unix milliseconds, by the clock of its Node, at which its container started for the first time; while it has not, at which the pod was
   * created. Absent after a restart.
   */
  readonly started?: number;
  /** It serves only its own pod; absent: it is a gateway. */
  readonly sidecar?: true;
  /** Key into `contents`. */
  readonly selection: string;
}

/** A condition without lastTransitionTime, which status/ adds. */
export interface ConditionDraft {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  /** A sentence that says what to change, where something is wrong. */
  readonly message: string;
}

export interface DeadMatches {
  /** Indexes into `spec.matches`, ascending. */
  readonly indexes: readonly number[];
  /** The policy has no other match: no request reaches it. */
  readonly all: boolean;
}

/** Why no endpoint could get a request of a policy. */
export interface Shortage {
  readonly reason: 'NoEndpoints' | 'ZeroWeight';
  /** Without a full stop. */
  readonly message: string;
}

export interface Verdict {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  /** The listener's, as the policy names it; undefined: the policy only monitors. */
  readonly port: number | undefined;
  readonly accepted: ConditionDraft;
  readonly resolvedRefs: ConditionDraft;
  /** Matches that no request can match; absent: none is known. */
  readonly deadMatches?: DeadMatches;
  /** Requests are answered by endpoints: false where the policy redirects all of them, or only monitors. */
  readonly needsEndpoints: boolean;
  /** Absent: some endpoint could get a request, or the policy names no backends. */
  readonly shortage?: Shortage;
  /** The policy says what to do when no backend can be used. */
  readonly hasFallback: boolean;
  /** Its annotation says that it has no endpoints on purpose. */
  readonly idle: boolean;
  /** Distinct endpoints of all backends, without those that terminate and no longer serve; ready = `active` in a pool. */
  readonly endpoints: { readonly total: number; readonly ready: number };
  /** Ids of the ready endpoints, sorted: health reports are counted for these. */
  readonly endpointIds: readonly string[];
  /** UIDs of the selected proxies (of `Translation.proxies`), in name order. */
  readonly proxies: readonly string[];
}
