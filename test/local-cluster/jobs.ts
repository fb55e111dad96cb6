/** Runs the pods of Jobs, and keeps their status. job-step.ts decides the next step, each time from the state in the API server. */
import { isDeepStrictEqual } from 'node:util';
import { ApiError, type Api } from './api.ts';
import { isOver, nextStep, type Job } from './job-step.ts';
import type { Pod } from './pod-types.ts';
import { controllerOf, runPodController } from './pod-controller.ts';

const podsPath = (namespace = '') => `/api/v1/namespaces/${namespace}/pods`;
const jobPath = (key: string) => `/apis/batch/v1/namespaces/${key.replace('/', '/jobs/')}`;

/** Runs until it is stopped. */
export function runJobs(api: Api): { stop(): Promise<void> } {
  return runPodController(api, { kind: 'Job', path: '/apis/batch/v1/jobs', reconcile: (key) => reconcile(api, key) });
}

/** One step of one Job. @returns whether the next step needs an event first */
async function reconcile(api: Api, key: string): Promise<boolean> {
  const path = jobPath(key);
  const job = await api.find<Job>(path);
  if (!job || job.metadata.deletionTimestamp !== undefined || isOver(job)) return true;
  const { namespace, uid } = job.metadata;
  const { items } = await api.get<{ items: Pod[] }>(podsPath(namespace));
  const owned = items.filter((pod) => controllerOf(pod, 'Job')?.uid === uid);
  const { create, remove, status } = nextStep(job, owned, Date.now());
  for (let n = 0; n < create; n += 1) await api.create(podsPath(namespace), podOf(job));
  for (const { metadata } of remove) {
    const preconditions = { uid: metadata.uid };
    await api.delete(`${podsPath(namespace)}/${metadata.name}`, { preconditions }).catch((error: unknown) => {
      if (!(error instanceof ApiError && [404, 409].includes(error.status))) throw error;
    });
  }
  if (!isDeepStrictEqual(job.status, status)) await api.patch(`${path}/status`, { metadata: { uid }, status });
  // A deadline needs no event to pass.
  return isOver({ status }) || job.spec.activeDeadlineSeconds === undefined;
}

function podOf(job: Job): object {
  const { name, uid } = job.metadata;
  const { metadata = {}, spec } = job.spec.template;
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name, uid, controller: true, blockOwnerDeletion: true };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${name}-`,
      labels: metadata.labels ?? {},
      ...(metadata.annotations && { annotations: metadata.annotations }),
      ownerReferences: [owner],
    },
    spec,
  };
}
