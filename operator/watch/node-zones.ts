import type { KubernetesObject } from '../api/kubernetes.ts';
import { ZONE_LABEL } from '../api/labels.ts';
import type { Sink } from './reflector.ts';

/** The zone of every Node that has one, by name; nothing else of a Node is kept. */
export interface NodeZones extends Sink<KubernetesObject> {
  /** Whether Nodes have been listed once. */
  readonly synced: boolean;
  /** The present state. Immutable; the same map until something changes. */
  view(): ReadonlyMap<string, string>;
}

/**
 * Kubelets update their Nodes every few minutes, so a large cluster sends several events a second: only a changed zone is a change.
 *
 * @param changed called after every change of a zone, and after the first listing
 */
export function createNodeZones(changed: () => void): NodeZones {
  const zones = new Map<string, string>();
  let view: ReadonlyMap<string, string> | undefined;
  let synced = false;
  const set = (name: string, zone: string | undefined): boolean => {
    if (zones.get(name) === zone) return false;
    if (zone === undefined) zones.delete(name);
    else zones.set(name, zone);
    view = undefined;
    return true;
  };
  return {
    get synced() {
      return synced;
    },
    view: () => (view ??= new Map(zones)),
    onReplace(nodes) {
      const present = new Set(nodes.map(({ metadata }) => metadata.name));
      let differs = !synced;
      synced = true;
      for (const name of [...zones.keys()]) if (!present.has(name)) differs = set(name, undefined) || differs;
      for (const node of nodes) differs = set(node.metadata.name, zoneOf(node)) || differs;
      if (differs) changed();
    },
    onUpsert(node) {
      if (set(node.metadata.name, zoneOf(node))) changed();
    },
    onDelete({ metadata }) {
      if (set(metadata.name, undefined)) changed();
    },
  };
}

function zoneOf({ metadata }: KubernetesObject): string | undefined {
  return metadata.labels?.[ZONE_LABEL] || undefined;
}
