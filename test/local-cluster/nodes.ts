/** Nodes as kubelets and a cloud create them: Ready, with a zone. Only their names and zones have an effect here. */
import { ApiError, type Api } from './api.ts';

const NODES = '/api/v1/nodes';

/** Name of a Node → its zone. */
export type Nodes = Readonly<Record<string, string>>;

/** Creates those that do not exist yet. */
export async function registerNodes(api: Api, nodes: Nodes): Promise<void> {
  for (const [name, zone] of Object.entries(nodes)) {
    const labels = { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'topology.kubernetes.io/zone': zone };
    await api.create(NODES, { apiVersion: 'v1', kind: 'Node', metadata: { name, labels } }).catch((error: unknown) => {
      if (!(error instanceof ApiError && error.status === 409)) throw error;
    });
    const ready = { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'the pod runner runs' };
    await api.patch(`${NODES}/${name}/status`, { status: { conditions: [ready] } });
  }
}

export async function removeNodes(api: Api, nodes: Nodes): Promise<void> {
  for (const name of Object.keys(nodes)) await api.delete(`${NODES}/${name}`);
}
