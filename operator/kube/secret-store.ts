import type { KubernetesObject } from '../api/kubernetes.ts';
import { isStatus } from './api-error.ts';
import { secretsPath } from './api-paths.ts';
import type { KubeClient } from './client.ts';

/** Members of a Secret, or its annotations: plain text by name, without base64. */
export type SecretData = Readonly<Record<string, string>>;

/** A Secret as the API server has it. */
export interface Secret extends KubernetesObject {
  readonly type?: string;
  /** In base64. */
  readonly data?: Readonly<Record<string, string>>;
}

/** A Secret as it was read; `data` is plain text. */
export interface StoredSecret {
  readonly object: KubernetesObject;
  readonly data: SecretData;
}

/** Secrets of one namespace. */
export interface SecretStore {
  /** Undefined: there is none of this name. */
  read(name: string): Promise<StoredSecret | undefined>;
  /** False: one of this name exists already. */
  create(name: string, data: SecretData): Promise<boolean>;
  /** Writes other data, and other annotations where given. False: the Secret is no longer the version of `object`. */
  replace(object: KubernetesObject, data: SecretData, annotations?: SecretData): Promise<boolean>;
}

export function createSecretStore(client: Pick<KubeClient, 'call'>, namespace: string): SecretStore {
  const path = secretsPath(namespace);
  const pathOf = (name: string): string => `${path}/${encodeURIComponent(name)}`;
  return {
    async read(name) {
      try {
        const object = await client.call<Secret>({ path: pathOf(name) });
        return { object, data: decodeSecret(object) };
      } catch (error) {
        if (isStatus(error, 404)) return undefined;
        throw error;
      }
    },
    create(name, data) {
      const metadata = { name, namespace };
      const body = { apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', data: encode(data) };
      return unlessConflict(client.call({ method: 'POST', path, body }));
    },
    replace(object, data, annotations) {
      // The body carries the version that was read: a write by someone else since then is a conflict.
      const metadata = { ...object.metadata, ...(annotations && { annotations }) };
      const body = { ...object, apiVersion: 'v1', kind: 'Secret', metadata, data: encode(data) };
      return unlessConflict(client.call({ method: 'PUT', path: pathOf(metadata.name), body }));
    },
  };
}

async function unlessConflict(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (isStatus(error, 409)) return false;
    throw error;
  }
}

export function decodeSecret({ data = {} }: Secret): SecretData {
  return mapValues(data, (value) => Buffer.from(value, 'base64').toString('utf8'));
}

const encode = (data: SecretData): SecretData => mapValues(data, (value) => Buffer.from(value, 'utf8').toString('base64'));

function mapValues(data: SecretData, change: (value: string) => string): SecretData {
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, change(value)]));
}
