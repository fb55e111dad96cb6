/** Keeps the pods of Deployments, and their status. rollout.ts decides the next step, each time from the state in the API server. */
import { isDeepStrictEqual } from 'node:util';
import { ApiError, type Api } from './api.ts';
import type { Pod } from './pod-types.ts';
import { controllerOf, runPodController } from './pod-controller.ts';
import { HASH_LABEL, plan, templateHash, type Deployment } from './rollout.ts';

const podsPath = (namespace = '') => `/api/v1/namespaces/${namespace}/pods`;
const deploymentPath = (key: string) => `/apis/apps/v1/namespaces/${key.replace('/', '/deployments/')}`;

/** Runs until it is stopped. */
export function runDeployments(api: Api): { stop(): Promise<void> } {
  return runPodController(api, {
    kind: 'Deployment',
    path: '/apis/apps/v1/deployments',
    reconcile: (key) => reconcile(api, key),
  });
}

/** One step of one Deployment. @returns whether the next step needs an event first */
async function reconcile(api: Api, key: string): Promise<boolean> {
  const path = deploymentPath(key);
  const deployment = await api.find<Deployment>(path);
  if (!deployment || deployment.metadata.deletionTimestamp !== undefined) return true;
  const { namespace, uid } = deployment.metadata;
  const { items } = await api.get<{ items: Pod[] }>(podsPath(namespace));
  const owned = items.filter((pod) => controllerOf(pod, 'Deployment')?.uid === uid);
  const steps = plan(deployment, owned, Date.now());
  let refusal: string | undefined;
  try {
    for (let n = 0; n < steps.create; n += 1) await api.create(podsPath(namespace), podOf(deployment));
  } catch (error) {
    if (!(error instanceof ApiError) || error.status >= 500) throw error;
    refusal = error.message; // for example by an admission webhook
  }
  for (const { metadata } of steps.remove) {
    const preconditions = { uid: metadata.uid };
    await api.delete(`${podsPath(namespace)}/${metadata.name}`, { preconditions }).catch((error: unknown) => {
      if (!(error instanceof ApiError && [404, 409].includes(error.status))) throw error;
    });
  }
  const { status } = refusal === undefined ? steps : plan(deployment, owned, Date.now(), refusal);
  if (!isDeepStrictEqual(deployment.status, status)) await api.patch(`${path}/status`, { metadata: { uid }, status });
  return steps.complete;
}

function podOf(deployment: Deployment): object {
  const { name, uid } = deployment.metadata;
  const { metadata = {}, spec } = deployment.spec.template;
  const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name, uid, controller: true, blockOwnerDeletion: true };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${name}-`,
      labels: { ...metadata.labels, [HASH_LABEL]: templateHash(deployment) },
      ...(metadata.annotations && { annotations: metadata.annotations }),
      ownerReferences: [owner],
    },
    spec,
  };
}
