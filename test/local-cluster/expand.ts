import type { ContainerSpec, Pod } from './pod-types.ts';

/** What a process is started with. */
export interface Launch {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Command line and environment of a container. Kubernetes' own expansions come first: `$(NAME)` of a variable that is defined before,
 * `$$` for a dollar sign, fields of the pod. Then, because a process here has no file system of its own, every mount path in the texts
 * becomes the real folder (`mounts`: mount path → folder).
 * @throws Error for a field that the runner does not know.
 */
export function expand(pod: Pod, container: ContainerSpec, podIP: string, mounts: ReadonlyMap<string, string>): Launch {
  const byLength = [...mounts].sort(([a], [b]) => b.length - a.length);
  const relocate = (text: string) => byLength.reduce((result, [path, folder]) => result.replaceAll(path, folder), text);
  const env: Record<string, string> = {};
  const substitute = (text: string) =>
    text.replace(/\$\$|\$\(([\w.-]+)\)/g, (whole, name?: string) => (name === undefined ? '$' : (env[name] ?? whole)));

  for (const { name, value, valueFrom } of container.env ?? []) {
    env[name] = valueFrom?.fieldRef ? field(pod, podIP, valueFrom.fieldRef.fieldPath) : relocate(substitute(value ?? ''));
  }
  return { argv: [...(container.command ?? []), ...(container.args ?? [])].map((text) => relocate(substitute(text))), env };
}

function field(pod: Pod, podIP: string, path: string): string {
  switch (path) {
    case 'metadata.name':
      return pod.metadata.name;
    case 'metadata.namespace':
      return pod.metadata.namespace ?? '';
    case 'metadata.uid':
      return pod.metadata.uid;
    case 'status.podIP':
      return podIP;
    default:
      throw new Error(`fieldRef ${path} is not supported`);
  }
}
