/**
 * The pod runner: what a kubelet is to a node. Every Pod that is bound to one of the cluster's Nodes runs as processes of this machine,
 * each pod on a loopback address of its own. Pods with another nodeName, or none, are not run: tests write their status themselves.
 */
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import type { Api } from './api.ts';
import { follow } from './follow.ts';
import { SOURCES, type EntryPoints } from './images.ts';
import { RunningPod } from './pod.ts';
import type { Pod } from './pod-types.ts';

/** The Node of a cluster that was started without `nodes`. */
export const NODE_NAME = 'local';

/** The kubelet's port. A runner holds it on the last address of its block, so that two runners never share a block. */
const KUBELET_PORT = 10250;
const LAST = 254;

export interface PodRunner {
  /** The process of a pod's container (of its only one, when no name is given), or undefined when none runs. */
  pid(namespace: string, name: string, container?: string): number | undefined;
  /** Ends all pods, each within `graceSeconds`; called again with 0, at once. Their objects stay. */
  stop(graceSeconds: number): Promise<void>;
}

/** Addresses of pods: `prefix` and a number from 1 to 253, used in turn, so that a freed address is used again as late as possible. */
export class AddressBlock {
  readonly prefix: string;
  readonly #guard: Server;
  readonly #used = new Set<number>();
  #last = 0;

  private constructor(prefix: string, guard: Server) {
    this.prefix = prefix;
    this.#guard = guard;
  }

  /** The given block, or (undefined) the first of 127.1.0.0/24, 127.1.1.0/24, … that no other runner has. @throws when it is taken. */
  static async claim(prefix: string | undefined): Promise<AddressBlock> {
    if (prefix !== undefined) return new AddressBlock(prefix, await listen(`${prefix}${LAST}`));
    for (let block = 0; ; block += 1) {
      try {
        return await AddressBlock.claim(`127.1.${block}.`);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || block === 255) throw error;
      }
    }
  }

  /** @throws RangeError when all are in use. */
  take(): string {
    for (let tries = 1; tries < LAST; tries += 1) {
      this.#last = (this.#last % (LAST - 1)) + 1;
      if (this.#used.has(this.#last)) continue;
      this.#used.add(this.#last);
      return `${this.prefix}${this.#last}`;
    }
    throw new RangeError(`all ${LAST - 1} pod addresses under ${this.prefix} are in use`);
  }

  free(address: string): void {
    this.#used.delete(Number(address.slice(this.prefix.length)));
  }

  release(): void {
    this.#guard.close();
  }
}

function listen(host: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy()).on('error', reject);
    server.listen(KUBELET_PORT, host, () => resolve(server));
  });
}

/**
 * Runs pods until it is stopped. `stateDir` gets `pods/UID` while a pod lives, and `logs/NAMESPACE_POD_CONTAINER.log`.
 *
 * @param isOurs which pods to run
 * @param entryPoints of images; default: the sources, run as they are
 */
export function runPods(
  api: Api,
  addresses: AddressBlock,
  stateDir: string,
  isOurs: (pod: Pod) => boolean,
  entryPoints: EntryPoints = SOURCES,
): PodRunner {
  const pods = new Map<string, RunningPod>();
  const closing = new AbortController();

  const changed = (pod: Pod) => {
    const { uid } = pod.metadata;
    if (!isOurs(pod) || closing.signal.aborted) return;
    if (!pods.has(uid)) {
      const place = {
        podIP: addresses.take(),
        folder: join(stateDir, 'pods', uid),
        logs: join(stateDir, 'logs'),
        closing: closing.signal,
        entryPoints,
      };
      pods.set(uid, new RunningPod(api, pod, place));
    }
    pods.get(uid)?.update(pod);
  };
  const gone = (pod: Pod) => {
    const running = pods.get(pod.metadata.uid);
    void running?.stop(0).then(() => {
      pods.delete(pod.metadata.uid);
      addresses.free(running.place.podIP);
    });
  };

  const sources = (['secrets', 'configmaps'] as const).map((plural) =>
    follow(
      api,
      `/api/v1/${plural}`,
      (source) => pods.forEach((pod) => pod.renew(plural, source)),
      () => undefined, // files stay when what they came from is gone
    ),
  );
  const followers = [follow<Pod>(api, '/api/v1/pods', changed, gone), ...sources];
  return {
    pid: (namespace, name, container) => {
      const pids = [...pods.values()].find((pod) => pod.is(namespace, name))?.pids();
      return container === undefined ? pids?.values().next().value : pids?.get(container);
    },
    stop: async (graceSeconds) => {
      closing.abort();
      followers.forEach((follower) => follower.stop());
      await Promise.all([...pods.values()].map((pod) => pod.stop(graceSeconds)));
    },
  };
}
