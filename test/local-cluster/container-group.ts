import { join } from 'node:path';
import { expand } from './expand.ts';
import type { EntryPoints } from './images.ts';
import type { ContainerSpec, Pod } from './pod-types.ts';
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

export const isSidecar = ({ restartPolicy }: ContainerSpec): boolean => restartPolicy === 'Always';

/**
 * The containers of one pod in their order. Init containers start first, one after the other: a plain one must exit with 0, a sidecar
 * (`restartPolicy: Always`) must have started, and keeps running. At the end the others stop first, then the sidecars, the last one first.
 */
export class ContainerGroup {
  readonly inits: ReadonlyMap<string, ProbedContainer>;
  readonly mains: ReadonlyMap<string, ProbedContainer>;
  readonly #sidecars: readonly ProbedContainer[];
  #stopping = false;

  /** @throws Error for what cannot run */
  constructor(pod: Pod, place: GroupPlace, changed: () => void) {
    const { namespace, name } = pod.metadata;
    const make = (spec: ContainerSpec, once: boolean): [string, ProbedContainer] => {
      const launch = expand(pod, spec, { ...place, mounts: mountsOf(spec, place.folder) });
      const logFile = join(place.logs, `${namespace}_${name}_${spec.name}.log`);
      return [spec.name, new ProbedContainer(spec, { ...place, launch, logFile, once, changed })];
    };
    const { initContainers = [], containers } = pod.spec;
    this.inits = new Map(initContainers.map((spec) => make(spec, !isSidecar(spec))));
    this.mains = new Map(containers.map((spec) => make(spec, false)));
    this.#sidecars = initContainers.flatMap((spec) => (isSidecar(spec) ? (this.inits.get(spec.name) ?? []) : []));
  }

  /** Resolves when all are started, or the group is stopped. */
  async start(): Promise<void> {
    for (const container of this.inits.values()) {
      await container.start();
      if (this.#stopping) return;
    }
    await Promise.all([...this.mains.values()].map((container) => container.start()));
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
