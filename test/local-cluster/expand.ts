import { entryPoint, type EntryPoints } from './images.ts';
import type { ContainerSpec, Pod } from './pod-types.ts';

/** How a process is started. */
export interface Launch {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface Surroundings {
  readonly podIP: string;
  /** Mount path → real folder. */
  readonly mounts: ReadonlyMap<string, string>;
  readonly entryPoints: EntryPoints;
  /** For every container, which may override it. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Command line and environment of a container. Kubernetes' own expansions come first: `$(NAME)` of a variable that is defined before,
 * `$$` for a dollar sign, fields of the pod. Then, because a process here has no file system of its own, every mount path in the texts
 * becomes the real folder.
 * @throws Error for an unsupported field, and for an unknown image without command
 */
export function expand(pod: Pod, container: ContainerSpec, { podIP, mounts, entryPoints, env: given }: Surroundings): Launch {
  const byLength = [...mounts].sort(([a], [b]) => b.length - a.length);
  const relocate = (text: string) => byLength.reduce((result, [path, folder]) => result.replaceAll(path, folder), text);
  const env: Record<string, string> = { ...given };
  const substitute = (text: string) =>
    text.replace(/\$\$|\$\(([\w.-]+)\)/g, (whole, name?: string) => (name === undefined ? '$' : (env[name] ?? whole)));

  for (const { name, value, valueFrom } of container.env ?? []) {
    env[name] = valueFrom?.fieldRef ? field(pod, podIP, valueFrom.fieldRef.fieldPath) : relocate(substitute(value ?? ''));
  }
  const own = [...(container.command ?? []), ...(container.args ?? [])].map(substitute);
  const argv = container.command ? own : [...entryPoint(entryPoints, container.image), ...own];
  return { argv: argv.map(relocate), env };
}

function field(pod: Pod, podIP: string, path: string): string {
  const { metadata, spec } = pod;
  const [, map, key = ''] = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path) ?? [];
  if (map === 'labels' || map === 'annotations') return metadata[map]?.[key] ?? '';
  switch (path) {
    case 'metadata.name':
      return metadata.name;
    case 'metadata.namespace':
      return metadata.namespace ?? '';
    case 'metadata.uid':
      return metadata.uid;
    case 'spec.nodeName':
      return spec.nodeName ?? '';
    case 'spec.serviceAccountName':
      return spec.serviceAccountName ?? '';
    case 'status.podIP':
    case 'status.podIPs':
    case 'status.hostIP':
      return podIP;
    default:
      throw new Error(`fieldRef ${path} is not supported`);
  }
}
