import type { Api } from './api.ts';

const COLLECTIONS: Readonly<Record<string, (namespace: string) => string>> = {
  Namespace: () => '/api/v1/namespaces',
  Pod: (namespace) => `/api/v1/namespaces/${namespace}/pods`,
  Service: (namespace) => `/api/v1/namespaces/${namespace}/services`,
  LoadBalancerPolicy: (namespace) => `/apis/outrigger.dev/v1alpha1/namespaces/${namespace}/loadbalancerpolicies`,
};

/** Creates one object of a kind that the local cluster's own manifests and examples use. @throws Error for any other kind. */
export async function create(api: Api, object: object): Promise<void> {
  const { kind, metadata } = object as { kind: string; metadata: { namespace?: string } };
  const collection = COLLECTIONS[kind];
  if (!collection) throw new Error(`objects of kind ${kind} are not created here`);
  await api.create(collection(metadata.namespace ?? 'default'), object);
}
