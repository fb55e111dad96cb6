import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiError, type Api } from './api.ts';
import { Container } from './container.ts';
import { expand } from './expand.ts';
import { podStatus } from './pod-status.ts';
import type { Pod } from './pod-types.ts';
import { ReadinessProbe } from './probe.ts';
import { mountsOf, prepareVolumes } from './volumes.ts';

const RETRY_MS = 100;
const DEFAULT_GRACE_SECONDS = 30;

export interface PodPlace {
  readonly podIP: string;
  /** Holds the pod's volumes, and goes with it. */
  readonly folder: string;
  /** Holds what the containers print, and stays. */
  readonly logs: string;
  /** Aborted when the whole cluster ends: nobody waits for the API server any more. */
  readonly closing: AbortSignal;
}

/** One pod that runs on this machine: its volumes, its containers, its probes, and what the API server is told of them. */
export class RunningPod {
  readonly place: PodPlace;
  readonly #api: Api;
  readonly #containers = new Map<string, Container>();
  readonly #probes = new Map<string, ReadinessProbe>();
  readonly #started: Promise<void>;
  #pod: Pod;
  #problem: string | undefined;
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

  /** Whether this is the pod of that name, and no older one that is still ending. */
  is(namespace: string, name: string): boolean {
    return this.#pod.metadata.namespace === namespace && this.#pod.metadata.name === name && !this.#stopped;
  }

  /** The running processes, by container name. */
  pids(): Map<string, number> {
    return new Map([...this.#containers].flatMap(([name, { pid }]) => (pid === undefined ? [] : [[name, pid]])));
  }

  /** The object changed: labels and status are taken over, a deletion begins. */
  update(pod: Pod): void {
    this.#pod = pod;
    if (pod.metadata.deletionTimestamp === undefined || this.#stopping) return;
    void this.stop(pod.metadata.deletionGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS).then(() => this.#remove());
  }

  /** Ends every process and forgets the volumes. Called again with 0, it ends them at once. */
  async stop(graceSeconds = this.#pod.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS): Promise<void> {
    const stopped = this.#stop(graceSeconds * 1000);
    this.#stopping ??= stopped;
    await stopped;
  }

  async #start(): Promise<void> {
    this.#report();
    const { folder, logs, podIP } = this.place;
    await mkdir(logs, { recursive: true });
    while (!(await prepareVolumes(this.#api, this.#pod, folder).catch(() => false))) {
      await delay(RETRY_MS);
      if (this.#stopping) return;
    }
    if (this.#stopping) return;
    const { namespace, name } = this.#pod.metadata;
    for (const spec of this.#pod.spec.containers) {
      const { name: container, readinessProbe } = spec;
      if (readinessProbe) this.#probes.set(container, new ReadinessProbe(readinessProbe, spec, podIP, () => this.#report()));
      const launch = expand(this.#pod, spec, podIP, mountsOf(spec, folder));
      const logFile = join(logs, `${namespace}_${name}_${container}.log`);
      this.#containers.set(container, new Container(launch, logFile, () => this.#containerChanged(container)));
    }
    for (const container of this.#containers.values()) container.start();
  }

  async #stop(graceMs: number): Promise<void> {
    await this.#started;
    await Promise.all([...this.#containers.values()].map((container) => container.stop(graceMs)));
    this.#stopped = true;
    await this.#reporting;
    await rm(this.place.folder, { recursive: true, force: true });
  }

  #containerChanged(name: string): void {
    if (this.#containers.get(name)?.running) this.#probes.get(name)?.start();
    else this.#probes.get(name)?.stop();
    this.#report();
  }

  /** Status goes out one request at a time, the newest always last. */
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
    const views = this.#pod.spec.containers.map(({ name, readinessProbe, ...rest }) => {
      const container = this.#containers.get(name);
      const ready = (container?.running ?? false) && (!readinessProbe || this.#probes.get(name)?.ready === true);
      return { name, container, ready, problem: this.#problem, ...rest };
    });
    return podStatus(this.#pod, this.place.podIP, views, `${new Date().toISOString().slice(0, 19)}Z`);
  }

  /** Everything has ended: the API server may forget the pod. */
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
