import type { KubeClient } from './client.ts';
import { isStatus } from './error.ts';
import { secretsPath } from './kinds.ts';

/** Data of a Secret: plain text by key, base64 undone. */
export type SecretData = Readonly<Record<string, string>>;

interface Secret {
  readonly data?: Readonly<Record<string, string>>;
}

/** Secrets of one namespace: read, and create if absent. */
export function createSecretStore(client: Pick<KubeClient, 'call'>, namespace: string) {
  const path = secretsPath(namespace);
  return {
    /** The Secret's data; undefined when there is none of this name. */
    async read(name: string): Promise<SecretData | undefined> {
      try {
        const secret = await client.call<Secret>({ path: `${path}/${encodeURIComponent(name)}` });
        return mapValues(secret.data ?? {}, (value) => Buffer.from(value, 'base64').toString('utf8'));
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
        data: mapValues(data, (value) => Buffer.from(value, 'utf8').toString('base64')),
      };
      try {
        await client.call({ method: 'POST', path, body });
        return true;
      } catch (error) {
        if (isStatus(error, 409)) return false;
        throw error;
      }
    },
  };
}

function mapValues(data: SecretData, change: (value: string) => string): SecretData {
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, change(value)]));
}
