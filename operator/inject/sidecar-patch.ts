/** Pure: a Pod → the JSON patch (RFC 6902) that adds the sidecar, or why it gets none. */
import { INJECTED_ANNOTATION, INJECT_LABEL, PROXY_CONTAINER, PROXY_LABEL, PROXY_SIDECAR } from '../api/labels.ts';
import { CONTROL_PORT, OBSERVE_PORT } from '../../proxy/snapshot/ports.ts';
import { STATE_VOLUME, type Sidecar } from './sidecar-container.ts';
import type { InjectablePod } from './injectable-pod.ts';

export interface PatchOperation {
  readonly op: 'add';
  readonly path: string;
  readonly value: unknown;
}

/** An empty patch: the Pod does not ask for a sidecar, or has it already. */
export type Injection = { readonly patch: readonly PatchOperation[] } | { readonly refused: string };

/** Idempotent: a Pod that was injected, even if changed by others since, gets an empty patch. */
export function inject(pod: InjectablePod, sidecar: Sidecar): Injection {
  if (pod.metadata?.labels?.[INJECT_LABEL] !== 'true') return { patch: [] };
  if (hasSidecar(pod)) return { patch: labelled(pod) ? [] : [label()] };
  const refused = refusal(pod);
  if (refused !== undefined) return { refused };
  const { metadata, spec } = pod;
  return {
    patch: [
      // First: init containers of the application may already call through it.
      entry('/spec/initContainers', '0', spec?.initContainers, sidecar.container),
      entry('/spec/volumes', '-', spec?.volumes, sidecar.volume),
      ...(labelled(pod) ? [] : [label()]),
      member('/metadata/annotations', INJECTED_ANNOTATION, metadata?.annotations, sidecar.summary),
    ],
  };
}

/** Whether the Pod has the proxy as a sidecar, whoever added it. */
export function hasSidecar({ spec }: InjectablePod): boolean {
  return spec?.initContainers?.some(({ name, restartPolicy }) => name === PROXY_CONTAINER && restartPolicy === 'Always') ?? false;
}

/** Why a Pod cannot have a sidecar, as a sentence that says what to change; undefined when it can. */
export function refusal({ metadata, spec }: InjectablePod): string | undefined {
  if (spec?.hostNetwork === true)
    return "a Pod on the host's network shares its ports with the Node, and its address with other Pods: remove hostNetwork";
  if (spec?.os?.name === 'windows') return 'the sidecar runs on Linux only: remove the label, or spec.os';
  const kind = metadata?.labels?.[PROXY_LABEL];
  if (kind !== undefined && kind !== PROXY_SIDECAR)
    return `the label ${PROXY_LABEL} already says "${kind.slice(0, 63)}", and a Pod is one kind of proxy: remove that label`;
  const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  if (containers.some(({ name }) => name === PROXY_CONTAINER))
    return `a container has the sidecar's name ${PROXY_CONTAINER}: give it another one`;
  if (spec?.volumes?.some(({ name }) => name === STATE_VOLUME))
    return `a volume has the name of the sidecar's, ${STATE_VOLUME}: give it another one`;
  for (const { name, ports } of containers) {
    const taken = ports?.find(({ containerPort, protocol = 'TCP' }) => protocol === 'TCP' && isProxyPort(containerPort));
    if (taken) return `container ${name} uses port ${taken.containerPort}, which the sidecar needs: choose another port`;
  }
  return undefined;
}

const isProxyPort = (port: number | undefined): boolean => port === CONTROL_PORT || port === OBSERVE_PORT;

const labelled = ({ metadata }: InjectablePod): boolean => metadata?.labels?.[PROXY_LABEL] === PROXY_SIDECAR;

function label(): PatchOperation {
  return { op: 'add', path: `/metadata/labels/${pointer(PROXY_LABEL)}`, value: PROXY_SIDECAR };
}

function entry(path: string, place: string, list: readonly unknown[] | null | undefined, value: unknown): PatchOperation {
  return list ? { op: 'add', path: `${path}/${place}`, value } : { op: 'add', path, value: [value] };
}

function member(path: string, name: string, map: object | null | undefined, value: string): PatchOperation {
  return map ? { op: 'add', path: `${path}/${pointer(name)}`, value } : { op: 'add', path, value: { [name]: value } };
}

/** One step of a JSON pointer (RFC 6901). */
function pointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
