import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Api } from './api.ts';
import type { ContainerSpec, Pod, Volume } from './pod-types.ts';

interface Secret {
  readonly data?: Readonly<Record<string, string>>;
}

/**
 * Makes a pod's volumes under `folder`, one folder each; they last as long as the pod. Returns whether all are there: a Secret, or a
 * member of it, that does not exist yet keeps the pod waiting, as a kubelet does.
 */
export async function prepareVolumes(api: Api, pod: Pod, folder: string): Promise<boolean> {
  for (const volume of pod.spec.volumes ?? []) {
    const path = join(folder, volume.name);
    await mkdir(path, { recursive: true, mode: 0o700 });
    if (volume.secret && !(await writeSecret(api, pod, volume.secret, path))) return false;
  }
  return true;
}

async function writeSecret(api: Api, pod: Pod, source: NonNullable<Volume['secret']>, folder: string): Promise<boolean> {
  const secret = await api.find<Secret>(`/api/v1/namespaces/${pod.metadata.namespace}/secrets/${source.secretName}`);
  if (!secret) return false;
  const items = source.items ?? Object.keys(secret.data ?? {}).map((key) => ({ key, path: key }));
  for (const { key, path } of items) {
    const value = secret.data?.[key];
    if (value === undefined) return false;
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(`${file}.new`, Buffer.from(value, 'base64'), { mode: 0o600 });
    await rename(`${file}.new`, file);
  }
  return true;
}

/** Mount path → real folder, of one container. */
export function mountsOf(container: ContainerSpec, folder: string): Map<string, string> {
  return new Map((container.volumeMounts ?? []).map(({ name, mountPath }) => [mountPath, join(folder, name)]));
}
