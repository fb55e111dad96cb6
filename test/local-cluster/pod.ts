import { mkdir, rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiError, type Api, type ApiObject } from './api.ts';
import { ContainerGroup, isSidecar } from './container-group.ts';
import type { EntryPoints } from './images.ts';
import { podStatus, type ContainerView } from './pod-status.ts';
import type { ContainerSpec, Pod } from './pod-types.ts';
import { serviceAccountEnv } from './service-account.ts';
import type { ProbedContainer } from './probed.ts';
import { mountsSource, prepareVolumes } from './volumes.ts';

const RETRY_MS = 100;
const DEFAULT_GRACE_SECONDS = 30;

export interface PodPlace {
  readonly podIP: string;
  /** Holds the pod's volumes; removed with it. */
  readonly folder: string;
  /** Holds the containers' output; not removed. */
  readonly logs: string;
  /** Aborted when the whole cluster ends: from then on nothing waits for the API server. */
  readonly closing: AbortSignal;
  readonly entryPoints: EntryPoints;
}

/** One pod that runs on this machine: its volumes, containers and probes, and their status in the API server. */
export class RunningPod {
  readonly place: PodPlace;
  readonly #api: Api;
  readonly #started: Promise<void>;
  #group: ContainerGroup | undefined;
  #pod: Pod;
  #problem: string | undefined;
  #renewing = Promise.resolve();
  #reporting: Promise<void> | undefined;
  #dirty = false;
  #stopping: Promise<void> | undefined;
  #stopped = false;

  constructor(api: Api, pod: Pod, place: PodPlace) {
    this.#api = api;
    this.#pod = pod;
    this.place = place;
    this.#started = this.#start().catch((error: unknown) => {
      this.#problem = (error as Error).message;
      this.#report();
    });
  }

  /** Whether this is the current pod of that name, not an older one that is still ending. */
  is(namespace: string, name: string): boolean {
    return this.#pod.metadata.namespace === namespace && this.#pod.metadata.name === name && !this.#stopped;
  }

  /** The running processes, by container name. */
  pids(): Map<string, number> {
    return this.#group?.pids() ?? new Map<string, number>();
  }

  /** After a change of the object: takes over labels and status, or begins its deletion. */
  update(pod: Pod): void {
    this.#pod = pod;
    if (pod.metadata.deletionTimestamp === undefined || this.#stopping) return;
    void this.stop(pod.metadata.deletionGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS).then(() => this.#remove());
  }

  /** After a change of a mounted Secret or ConfigMap: updates its files, which a kubelet does with a delay. */
  renew(plural: 'secrets' | 'configmaps', source: ApiObject): void {
    if (!mountsSource(this.#pod, plural, source)) return;
    const write = () => (this.#stopping ? undefined : prepareVolumes(this.#api, this.#pod, this.place.folder));
    this.#renewing = this.#renewing.then(write).then(
      () => undefined,
      () => undefined, // the next change, or the next start, writes it
    );
  }

  /** Ends every process and removes the volumes. Called again with 0, it ends them at once. */
  async stop(graceSeconds = this.#pod.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS): Promise<void> {
    const stopped = this.#stop(graceSeconds * 1000);
    this.#stopping ??= stopped;
    await stopped;
  }

  async #start(): Promise<void> {
    this.#report();
    const { folder, logs } = this.place;
    await mkdir(logs, { recursive: true });
    let env: Record<string, string> | undefined;
    while (!(env = await this.#prepare(folder).catch(() => undefined))) {
      await delay(RETRY_MS);
      if (this.#stopping) return;
    }
    if (this.#stopping) return;
    const graceMs = (this.#pod.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS) * 1000;
    this.#group = new ContainerGroup(this.#pod, { ...this.place, graceMs, env }, () => this.#report());
    await this.#group.start();
  }

  /** Prepares what a container needs to start. @returns undefined while something is missing; else the environment for all containers */
  async #prepare(folder: string): Promise<Record<string, string> | undefined> {
    if (!(await prepareVolumes(this.#api, this.#pod, folder))) return undefined;
    return serviceAccountEnv(this.#api, this.#pod, folder);
  }

  async #stop(graceMs: number): Promise<void> {
    await this.#group?.stop(graceMs);
    await this.#started;
    this.#stopped = true;
    await this.#reporting;
    await this.#renewing;
    await rm(this.place.folder, { recursive: true, force: true });
  }

  /** Sends the status, one request at a time; the last request always has the newest. */
  #report(): void {
    this.#dirty = true;
    this.#reporting ??= this.#send().finally(() => (this.#reporting = undefined));
  }

  async #send(): Promise<void> {
    while (this.#dirty) {
      this.#dirty = false;
      try {
        await this.#api.patch(`${pathOf(this.#pod)}/status`, {
          metadata: { uid: this.#pod.metadata.uid },
          status: this.#status(),
        });
      } catch (error) {
        if (error instanceof ApiError && error.status < 500) return; // gone, or another pod by now
        if (this.#stopped) return;
        this.#dirty = true;
        await delay(RETRY_MS);
      }
    }
  }

  #status(): object {
    const { initContainers = [], containers } = this.#pod.spec;
    const view = (spec: ContainerSpec, found: ProbedContainer | undefined, isInit: boolean): ContainerView => {
      const { name, image = '' } = spec;
      const { container, ready = false, started = false, done = false } = found ?? {};
      const passed = done || (started && isSidecar(spec));
      return {
        name,
        image,
        container,
        started,
        ready: isInit ? passed && (done || ready) : ready,
        passed,
        problem: this.#problem,
      };
    };
    const inits = initContainers.map((spec) => view(spec, this.#group?.inits.get(spec.name), true));
    const mains = containers.map((spec) => view(spec, this.#group?.mains.get(spec.name), false));
    return podStatus(
      this.#pod,
      this.place.podIP,
      { inits, mains, outcome: this.#group?.outcome },
      `${new Date().toISOString().slice(0, 19)}Z`,
    );
  }

  /** Every process has ended: deletes the pod's object. */
  async #remove(): Promise<void> {
    while (!this.place.closing.aborted) {
      try {
        await this.#api.delete(pathOf(this.#pod), { gracePeriodSeconds: 0, preconditions: { uid: this.#pod.metadata.uid } });
        return;
      } catch (error) {
        if (error instanceof ApiError && error.status < 500) return;
        await delay(RETRY_MS);
      }
    }
  }
}

function pathOf(pod: Pod): string {
  return `/api/v1/namespaces/${pod.metadata.namespace}/pods/${pod.metadata.name}`;
}
