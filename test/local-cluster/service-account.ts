/** A pod's access to the API server: a kubeconfig with a token of its service account, named by KUBECONFIG in its environment. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Api, ApiObject } from './api.ts';
import { writeKubeconfig } from './apiserver/kubeconfig.ts';
import type { Pod } from './pod-types.ts';

const DAY_SECONDS = 86_400;

interface Account extends ApiObject {
  readonly automountServiceAccountToken?: boolean;
}

/**
 * The environment of a pod's containers; undefined while a service account that the pod names does not exist, which keeps the pod
 * waiting. `default`, which nothing creates here, may be missing. Empty for a pod without automounted token, and on a foreign API
 * server.
 *
 * @param folder of the pod; its volumes' names never begin with a dot
 */
export async function serviceAccountEnv(api: Api, pod: Pod, folder: string): Promise<Record<string, string> | undefined> {
  const { namespace = '' } = pod.metadata;
  const { serviceAccountName: name = 'default', automountServiceAccountToken: wanted } = pod.spec;
  if (api.ca === undefined || wanted === false) return {};
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}`;
  const account = await api.find<Account>(path);
  if (!account) return name === 'default' ? {} : undefined;
  if ((wanted ?? account.automountServiceAccountToken) === false) return {};
  const request = { spec: { expirationSeconds: DAY_SECONDS } };
  const { status } = await api.create<{ status: { token: string } }>(`${path}/token`, request);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, '.kubeconfig');
  writeKubeconfig(file, { server: api.url, token: status.token, certificate: api.ca, namespace });
  return { KUBECONFIG: file };
}
