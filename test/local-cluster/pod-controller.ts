/** A controller of the Pods that objects of one kind own: Jobs, Deployments. */
import type { Api, ApiObject } from './api.ts';
import { follow, keyOf } from './follow.ts';
import type { Pod } from './pod-types.ts';
import { startReconciler } from './reconciler.ts';

export interface PodController {
  /** Of the objects. */
  readonly kind: string;
  /** Of their collection, over all namespaces. */
  readonly path: string;
  /** One step of one object. @returns whether the next step needs an event first */
  readonly reconcile: (key: string) => Promise<boolean>;
}

/** Reconciles an object whenever it, or one of its Pods, has changed. Runs until it is stopped. */
export function runPodController(api: Api, { kind, path, reconcile }: PodController): { stop(): Promise<void> } {
  const { soon, stop } = startReconciler(reconcile);
  const podChanged = (pod: Pod) => {
    const owner = controllerOf(pod, kind);
    if (owner) soon(`${pod.metadata.namespace}/${owner.name}`);
  };
  const followers = [
    follow<Pod>(api, '/api/v1/pods', podChanged, podChanged),
    follow<ApiObject>(
      api,
      path,
      (object) => soon(keyOf(object)),
      () => undefined,
    ),
  ];
  return {
    stop: async () => {
      followers.forEach((follower) => follower.stop());
      await stop();
    },
  };
}

/** The object of this kind that owns the Pod. */
export function controllerOf(pod: Pod, kind: string): { readonly name: string; readonly uid: string } | undefined {
  return pod.metadata.ownerReferences?.find((owner) => owner.kind === kind && owner.controller === true);
}
