/** Binds pods that name no Node to one of the cluster's: the one with the fewest pods of the same owner, then the fewest pods. */
import { ApiError, type Api } from './api.ts';
import { follow, type Follower } from './follow.ts';
import type { Nodes } from './nodes.ts';
import type { Pod } from './pod-types.ts';

const SCHEDULER = 'default-scheduler';

/** Affinity, spread constraints, taints, node selectors and resources are ignored. */
export function schedulePods(api: Api, nodes: Nodes): Follower {
  const bound = new Map<string, { readonly node: string; readonly owner: string }>();
  const choose = (owner: string): string | undefined => {
    const places = [...bound.values()];
    const load = Object.keys(nodes).map((name) => {
      const here = places.filter(({ node }) => node === name);
      return { name, same: here.filter((place) => place.owner === owner).length, all: here.length };
    });
    return load.sort((a, b) => a.same - b.same || a.all - b.all)[0]?.name;
  };
  const changed = ({ metadata, spec }: Pod) => {
    const { uid, name, namespace } = metadata;
    const owner = metadata.ownerReferences?.[0]?.uid ?? uid;
    if (spec.nodeName) bound.set(uid, { node: spec.nodeName, owner });
    if (bound.has(uid) || spec.schedulerName !== SCHEDULER || metadata.deletionTimestamp !== undefined) return;
    const node = choose(owner);
    if (node === undefined) return;
    bound.set(uid, { node, owner });
    void bind(api, `/api/v1/namespaces/${namespace}/pods/${name}`, { metadata: { uid }, spec: { nodeName: node } });
  };
  return follow<Pod>(api, '/api/v1/pods', changed, ({ metadata }) => bound.delete(metadata.uid));
}

/** Repeats until the pod is bound or gone. */
async function bind(api: Api, path: string, patch: object): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    try {
      await api.patch(path, patch);
      return;
    } catch (error) {
      if (error instanceof ApiError && error.status < 500) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
