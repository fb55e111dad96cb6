import { join } from 'node:path';
import { expand } from './expand.ts';
import type { EntryPoints } from './images.ts';
import type { ContainerSpec, Pod, RestartPolicy } from './pod-types.ts';
import { ProbedContainer } from './probed.ts';
import { mountsOf } from './volumes.ts';

export interface GroupPlace {
  readonly podIP: string;
  /** Holds the volumes. */
  readonly folder: string;
  readonly logs: string;
  readonly entryPoints: EntryPoints;
  readonly env: Readonly<Record<string, string>>;
  readonly graceMs: number;
}

/** The last phase of a pod. */
export type Outcome = 'Succeeded' | 'Failed';

export const isSidecar = ({ restartPolicy }: ContainerSpec): boolean => restartPolicy === 'Always';

/**
 * The containers of one pod in their order. Init containers start first, one after the other: a plain one must exit with 0, a sidecar
 * (`restartPolicy: Always`) must have started, and keeps running. At the end the others stop first, then the sidecars, the last one first.
 */
export class ContainerGroup {
  readonly inits: ReadonlyMap<string, ProbedContainer>;
  readonly mains: ReadonlyMap<string, ProbedContainer>;
  readonly #sidecars: readonly ProbedContainer[];
  readonly #graceMs: number;
  readonly #changed: () => void;
  #stopping = false;
  #outcome: Outcome | undefined;

  /** @throws Error for what cannot run */
  constructor(pod: Pod, place: GroupPlace, changed: () => void) {
    const { namespace, name } = pod.metadata;
    const make = (spec: ContainerSpec, isInit: boolean, restart: RestartPolicy): [string, ProbedContainer] => {
      const launch = expand(pod, spec, { ...place, mounts: mountsOf(spec, place.folder) });
      const logFile = join(place.logs, `${namespace}_${name}_${spec.name}.log`);
      return [spec.name, new ProbedContainer(spec, { ...place, launch, logFile, isInit, restart, changed })];
    };
    const { initContainers = [], containers, restartPolicy = 'Always' } = pod.spec;
    const plain = restartPolicy === 'Never' ? 'Never' : 'OnFailure';
    this.inits = new Map(initContainers.map((spec) => (isSidecar(spec) ? make(spec, false, 'Always') : make(spec, true, plain))));
    this.mains = new Map(containers.map((spec) => make(spec, false, restartPolicy)));
    this.#graceMs = place.graceMs;
    this.#changed = changed;
    this.#sidecars = initContainers.flatMap((spec) => (isSidecar(spec) ? (this.inits.get(spec.name) ?? []) : []));
  }

  /** Resolves when all are started, or the group is stopped. */
  async start(): Promise<void> {
    for (const container of this.inits.values()) {
      await container.start();
      if (this.#stopping) return;
      if (container.container.finished && !container.done) return this.#finish('Failed');
    }
    const mains = [...this.mains.values()];
    await Promise.all(mains.map((container) => container.start()));
    void Promise.all(mains.map(({ container }) => container.ended)).then(async () => {
      if (this.#stopping || !mains.every(({ container }) => container.finished)) return;
      await this.#finish(mains.every(({ container }) => container.succeeded) ? 'Succeeded' : 'Failed');
    });
  }

  /** Every container has finished, and none is started again. Undefined: not yet, or they were stopped from outside. */
  get outcome(): Outcome | undefined {
    return this.#outcome;
  }

  /** Sidecars end with the containers that they are for. */
  async #finish(outcome: Outcome): Promise<void> {
    await this.stop(this.#graceMs);
    this.#outcome = outcome;
    this.#changed();
  }

  /** Resolves when every process is gone, within `graceMs` in all. May be called again with a shorter time. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    const deadline = performance.now() + graceMs;
    const others = [...this.inits.values()].filter((container) => !this.#sidecars.includes(container));
    await Promise.all([...this.mains.values(), ...others].map((container) => container.stop(graceMs)));
    for (const sidecar of this.#sidecars.toReversed()) {
      await sidecar.stop(graceMs > 0 ? Math.max(LAST_GRACE_MS, deadline - performance.now()) : 0);
    }
  }

  /** The running processes, by container name; those of the pod's own containers first. */
  pids(): Map<string, number> {
    const all = [...this.mains, ...this.inits];
    return new Map(all.flatMap(([name, { container }]) => (container.pid === undefined ? [] : [[name, container.pid]])));
  }
}

/** Time for a sidecar to end when the others used up the grace period, ms. */
const LAST_GRACE_MS = 1_000;
