/** Keeps the pods of Deployments, and their status. rollout.ts decides the next step, each time from the state in the API server. */
import { isDeepStrictEqual } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiError, type Api } from './api.ts';
import { follow, keyOf } from './follow.ts';
import type { Pod } from './pod-types.ts';
import { HASH_LABEL, plan, templateHash, type Deployment } from './rollout.ts';

const RETRY_MS = 100;
/** Interval at which an incomplete one is reconciled, ms, for `minReadySeconds` and the progress deadline. */
const AGAIN_MS = 1_000;

const podsPath = (namespace = '') => `/api/v1/namespaces/${namespace}/pods`;
const deploymentPath = (key: string) => `/apis/apps/v1/namespaces/${key.replace('/', '/deployments/')}`;

/** Runs until it is stopped. */
export function runDeployments(api: Api): { stop(): Promise<void> } {
  const waiting = new Set<string>();
  const timers = new Map<string, NodeJS.Timeout>();
  let working: Promise<void> | undefined;
  let stopped = false;

  const work = async () => {
    for (let [key] = waiting; key !== undefined && !stopped; [key] = waiting) {
      waiting.delete(key);
      try {
        if (!(await reconcile(api, key))) later(key);
      } catch (error) {
        if (error instanceof ApiError && error.status < 500) later(key);
        else {
          waiting.add(key);
          await delay(RETRY_MS);
        }
      }
    }
  };
  const reconcileSoon = (key: string) => {
    if (stopped) return;
    waiting.add(key);
    working ??= work().finally(() => (working = undefined));
  };
  const later = (key: string) => {
    clearTimeout(timers.get(key));
    timers.set(
      key,
      setTimeout(() => {
        timers.delete(key);
        reconcileSoon(key);
      }, AGAIN_MS),
    );
  };
  const podChanged = (pod: Pod) => {
    const owner = ownerOf(pod);
    if (owner) reconcileSoon(`${pod.metadata.namespace}/${owner.name}`);
  };
  const deploymentChanged = (deployment: Deployment) => reconcileSoon(keyOf(deployment));

  const followers = [
    follow<Pod>(api, '/api/v1/pods', podChanged, podChanged),
    follow<Deployment>(api, '/apis/apps/v1/deployments', deploymentChanged, () => undefined),
  ];
  return {
    stop: async () => {
      stopped = true;
      followers.forEach((follower) => follower.stop());
      timers.forEach((timer) => clearTimeout(timer));
      await working;
    },
  };
}

function ownerOf(pod: Pod): { readonly name: string; readonly uid: string } | undefined {
  return pod.metadata.ownerReferences?.find(({ kind, controller }) => kind === 'Deployment' && controller === true);
}

/** One step of one Deployment. @returns whether the next step needs an event first */
async function reconcile(api: Api, key: string): Promise<boolean> {
  const path = deploymentPath(key);
  const deployment = await api.find<Deployment>(path);
  if (!deployment || deployment.metadata.deletionTimestamp !== undefined) return true;
  const { namespace, uid } = deployment.metadata;
  const { items } = await api.get<{ items: Pod[] }>(podsPath(namespace));
  const owned = items.filter((pod) => ownerOf(pod)?.uid === uid);
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
