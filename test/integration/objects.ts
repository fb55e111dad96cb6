/** What the tests create: as plain values, and the paths to them. */
import type { LoadBalancerPolicy, PolicySpec } from '../../operator/api/policy.gen.ts';
import type { ApiObject } from '../local-cluster/api.ts';
import type { Pod } from '../local-cluster/pod-types.ts';
import { BACKEND_PORT, type Backend } from './backend.ts';

/** A policy as the API server returns it. */
export type Policy = LoadBalancerPolicy & ApiObject;
export type { PolicySpec };

/** A Pod with the container statuses that a kubelet writes. */
export interface RunPod extends Pod {
  readonly status?: Pod['status'] & {
    readonly containerStatuses?: readonly {
      readonly restartCount: number;
      readonly containerID?: string;
      readonly lastState?: { readonly terminated?: { readonly exitCode: number; readonly signal?: number } };
    }[];
  };
}

/** One endpoint of a Service: a backend, by default ready and serving. */
export interface Published {
  readonly backend: Backend;
  readonly ready?: boolean;
  readonly serving?: boolean;
  readonly terminating?: boolean;
  readonly zone?: string;
  readonly nodeName?: string;
  /** As the slice controller writes them for the Service's `trafficDistribution`. */
  readonly hints?: {
    readonly forZones?: readonly { readonly name: string }[];
    readonly forNodes?: readonly { readonly name: string }[];
  };
}

/** Port of every Service of the tests. */
export const SERVICE_PORT = 80;

export const namespacePath = (name = '') => `/api/v1/namespaces${name && `/${name}`}`;
export const podPath = (namespace: string, name = '') => `${namespacePath(namespace)}/pods${name && `/${name}`}`;
export const servicePath = (namespace: string, name = '') => `${namespacePath(namespace)}/services${name && `/${name}`}`;
export const slicePath = (namespace: string, name = '') =>
  `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices${name && `/${name}`}`;
export const policyPath = (namespace: string, name = '') =>
  `/apis/outrigger.dev/v1alpha1/namespaces/${namespace}/loadbalancerpolicies${name && `/${name}`}`;
export const secretPath = (namespace: string, name = '') => `${namespacePath(namespace)}/secrets${name && `/${name}`}`;
export const leasePath = (namespace: string) => `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/outrigger-operator`;

export const policy = (name: string, spec: object) => ({
  apiVersion: 'outrigger.dev/v1alpha1',
  kind: 'LoadBalancerPolicy',
  metadata: { name },
  spec,
});

/** Without a selector, so that no controller writes endpoints for it. */
export const service = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { ports: [{ name: 'http', port: SERVICE_PORT, targetPort: BACKEND_PORT }] },
});

/** Represents a backend; nothing runs it. */
export const backendPod = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: 'backend' } },
  spec: { schedulerName: 'outrigger-tests', containers: [{ name: 'backend', image: 'outrigger/test-backend' }] },
});

export const endpointSlice = (name: string, namespace: string, endpoints: readonly Published[]) => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: {
    name,
    labels: { 'kubernetes.io/service-name': name, 'endpointslice.kubernetes.io/managed-by': 'outrigger-tests' },
  },
  addressType: 'IPv4',
  ports: [{ name: 'http', protocol: 'TCP', port: BACKEND_PORT }],
  endpoints: endpoints.map(({ backend, ready = true, serving = true, terminating = false, zone, nodeName, hints }) => ({
    addresses: [backend.address],
    conditions: { ready, serving, terminating },
    targetRef: { kind: 'Pod', namespace, name: backend.name, uid: backend.uid },
    ...(zone !== undefined && { zone }),
    ...(nodeName !== undefined && { nodeName }),
    ...(hints !== undefined && { hints }),
  })),
});
