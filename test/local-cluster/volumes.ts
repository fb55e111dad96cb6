import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Api, ApiObject } from './api.ts';
import type { ContainerSpec, Pod, Projection, Volume } from './pod-types.ts';

/** A Secret (`data` is base64) or a ConfigMap (`data` is text, `binaryData` base64). */
interface Source {
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
}
type Files = ReadonlyMap<string, Buffer>;

/**
 * Creates a pod's volumes under `folder`, one folder each; they last as long as the pod. Returns whether all exist: a Secret or
 * ConfigMap, or a member of it, that does not exist yet keeps the pod waiting, as a kubelet does, unless it is optional.
 */
export async function prepareVolumes(api: Api, pod: Pod, folder: string): Promise<boolean> {
  for (const volume of pod.spec.volumes ?? []) {
    const path = join(folder, volume.name);
    await mkdir(path, { recursive: true, mode: 0o700 });
    const projection = volume.secret ?? volume.configMap;
    if (projection && !(await project(await filesOf(api, pod, volume), projection, path))) return false;
  }
  return true;
}

async function filesOf(api: Api, pod: Pod, { secret, configMap }: Volume): Promise<Files | undefined> {
  const plural = secret ? 'secrets' : 'configmaps';
  const name = secret?.secretName ?? configMap?.name ?? '';
  const source = await api.find<Source>(`/api/v1/namespaces/${pod.metadata.namespace}/${plural}/${name}`);
  if (!source) return undefined;
  const decode = (values: Source['data'], encoding: 'base64' | 'utf8') =>
    Object.entries(values ?? {}).map(([key, value]) => [key, Buffer.from(value, encoding)] as const);
  return new Map([...decode(source.data, secret ? 'base64' : 'utf8'), ...decode(source.binaryData, 'base64')]);
}

async function project(files: Files | undefined, { items, optional = false }: Projection, folder: string): Promise<boolean> {
  if (!files) return optional;
  for (const { key, path } of items ?? [...files.keys()].map((key) => ({ key, path: key }))) {
    const content = files.get(key);
    if (content === undefined && !optional) return false;
    if (content === undefined) continue;
    const file = join(folder, path);
    if (
      await readFile(file).then(
        (old) => old.equals(content),
        () => false,
      )
    )
      continue; // so that file watchers see no event
    await mkdir(dirname(file), { recursive: true });
    await writeFile(`${file}.new`, content, { mode: 0o600 });
    await rename(`${file}.new`, file);
  }
  return true;
}

/** Whether a pod has a volume of this Secret or ConfigMap. */
export function mountsSource(pod: Pod, plural: 'secrets' | 'configmaps', { metadata }: ApiObject): boolean {
  if (pod.metadata.namespace !== metadata.namespace) return false;
  return (pod.spec.volumes ?? []).some(({ secret, configMap }) =>
    plural === 'secrets' ? secret?.secretName === metadata.name : configMap?.name === metadata.name,
  );
}

/** Mount path → real folder, of one container. */
export function mountsOf(container: ContainerSpec, folder: string): Map<string, string> {
  return new Map(
    (container.volumeMounts ?? []).map(({ name, mountPath, subPath = '' }) => [mountPath, join(folder, name, subPath)]),
  );
}
