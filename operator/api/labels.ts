/** Every label and annotation name that the operator reads or writes. */

/** Group and version of LoadBalancerPolicy. */
export const API_GROUP = 'outrigger.dev';
export const API_VERSION = 'v1alpha1';
export const POLICY_PLURAL = 'loadbalancerpolicies';

/** Label of EndpointSlices: the Service they belong to. */
export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';

/** Label of proxy pods; the value says which kind they are. */
export const PROXY_LABEL = 'outrigger.dev/proxy';
export const PROXY_GATEWAY = 'gateway';
export const PROXY_SIDECAR = 'sidecar';

/** Label of pods: `"true"` asks for a sidecar. A label, so that the webhook's `objectSelector` sees only such pods. */
export const INJECT_LABEL = 'outrigger.dev/inject';

/** Label of Nodes: the zone that they, and the pods on them, are in. */
export const ZONE_LABEL = 'topology.kubernetes.io/zone';

/** Annotation of pods: the weight of their endpoints, a whole number from 0 to `MAX_ENDPOINT_WEIGHT`. */
export const WEIGHT_ANNOTATION = 'outrigger.dev/weight';
export const MAX_ENDPOINT_WEIGHT = 1000;

/** Annotation of pods: `"true"` drains their endpoints until it is removed. */
export const MAINTENANCE_ANNOTATION = 'outrigger.dev/maintenance';

/** Annotation of policies: `"true"` says that having no endpoints, or weights that are all 0, is on purpose. */
export const IDLE_ANNOTATION = 'outrigger.dev/idle';

/** Annotation of pods: what injection added, as JSON, for information. */
export const INJECTED_ANNOTATION = 'outrigger.dev/injected';

/** Annotation of Services: the namespaces, separated by commas, whose Gateway policies may use them; `*` stands for all. */
export const SHARED_WITH_ANNOTATION = 'outrigger.dev/shared-with';

/** Annotation of the leader Lease: the fencing epoch. */
export const EPOCH_ANNOTATION = 'outrigger.dev/epoch';

/** Annotation of the Secret with the signing key: requests a new key; removed when that has replaced the old one. */
export const ROTATE_ANNOTATION = 'outrigger.dev/rotate';

/** The annotations for which the operator keeps a pod's metadata. */
export const POD_ANNOTATIONS: readonly string[] = [WEIGHT_ANNOTATION, MAINTENANCE_ANNOTATION];

/** Name of the proxy's container within its pod. */
export const PROXY_CONTAINER = 'outrigger-proxy';

/** Label of objects that the operator created and may delete. */
export const MANAGED_BY_LABEL = 'outrigger.dev/managed-by';
export const MANAGED_BY_OPERATOR = 'outrigger-operator';
