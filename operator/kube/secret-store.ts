import type { KubernetesObject } from '../api/kubernetes.ts';
import type { KubeClient } from './client.ts';
import { isStatus } from './api-error.ts';
import { secretsPath } from './api-paths.ts';

/** Data of a Secret: plain text by key, base64 undone. */
export type SecretData = Readonly<Record<string, string>>;

/** A Secret as the API server has it. */
export interface Secret extends KubernetesObject {
  readonly type?: string;
  /** In base64. */
  readonly data?: Readonly<Record<string, string>>;
}

export function decoded({ data = {} }: Secret): SecretData {
  return mapValues(data, (value) => Buffer.from(value, 'base64').toString('utf8'));
}

const encoded = (data: SecretData): SecretData => mapValues(data, (value) => Buffer.from(value, 'utf8').toString('base64'));

/** Secrets of one namespace. */
export function createSecretStore(client: Pick<KubeClient, 'call'>, namespace: string) {
  const path = secretsPath(namespace);
  return {
    /** The Secret's data; undefined when there is none of this name. */
    async read(name: string): Promise<SecretData | undefined> {
      try {
        return decoded(await client.call<Secret>({ path: `${path}/${encodeURIComponent(name)}` }));
      } catch (error) {
        if (isStatus(error, 404)) return undefined;
        throw error;
      }
    },
    /** Whether it was created; false: somebody else was first. */
    async create(name: string, data: SecretData): Promise<boolean> {
      const body = {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name, namespace },
        type: 'Opaque',
        data: encoded(data),
      };
      try {
        await client.call({ method: 'POST', path, body });
        return true;
      } catch (error) {
        if (isStatus(error, 409)) return false;
        throw error;
      }
    },
    /** Puts other data, and other annotations, in the place of this very version. @throws ApiError 409 when it is no longer there */
    async replace(secret: Secret, data: SecretData, annotations: SecretData): Promise<void> {
      const { metadata } = secret;
      const body = { ...secret, apiVersion: 'v1', kind: 'Secret', metadata: { ...metadata, annotations }, data: encoded(data) };
      await client.call({ method: 'PUT', path: `${path}/${encodeURIComponent(metadata.name)}`, body });
    },
  };
}

function mapValues(data: SecretData, change: (value: string) => string): SecretData {
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, change(value)]));
}
